"""The pages of the dashboard, one file a page; each gives `show(view)`."""
