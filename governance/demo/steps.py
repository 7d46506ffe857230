"""The steps that a case can take, in the order in which they can come, and the record of what each one took."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from governance.demo.tessellation import Integers

STEPS = (
    "上报", "立案", "派遣", "转办", "转办", "退回", "派遣", "签收", "延期", "暂停", "恢复", "处置完成", "重开",
    "处置完成", "核查", "结案", "评价", "作废",
)  # fmt: skip
(REPORTED, REGISTERED, DISPATCHED, PASSED, PASSED_BACK, RETURNED, DISPATCHED_AGAIN, ACCEPTED, EXTENDED, PAUSED, RESUMED,
 DISPOSED, REOPENED, DISPOSED_AGAIN, VERIFIED, CLOSED, EVALUATED, CANCELLED) = range(len(STEPS))  # fmt: skip

NO_REASON = -1


@dataclass(frozen=True)
class Lives:
    """Per case and step, shape (cases, steps): when, whether it happens, which department is named, and why.

    Times are seconds of the local clock since 1970. `department` holds the case after the step, or for a return
    sends it back. `reason` points into the catalogue's texts. Per case: `extended_until` is the day since 1970
    with which an extension ends, `fault` the planted fault of its log (see `log_faults`).
    """

    at: Integers
    happens: NDArray[np.bool_]
    department: NDArray[np.int8]
    reason: NDArray[np.int8]
    extended_until: NDArray[np.int32]
    fault: NDArray[np.int8]

    def take(self, rows: NDArray[np.generic]) -> Lives:
        """The lives of some rows, in their order."""
        return Lives(*(getattr(self, field.name)[rows] for field in fields(self)))


def join_lives(parts: list[Lives]) -> Lives:
    """All parts one after the other."""
    return Lives(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lives)))
