"""Faults: what goes wrong during a run, when it begins and when it ends. docs/simulator.md lists them."""

from live.simulator.faults.catalogue import CATALOGUE, VARIANTS, built_in_plan
from live.simulator.faults.kinds.base import FaultModel, FrameFault, RequestFault
from live.simulator.faults.plan import KINDS, FaultPlan, read_plan
from live.simulator.faults.replies import Reply
from live.simulator.faults.runtime import Change, Faults, Happening

__all__ = [
    "CATALOGUE",
    "KINDS",
    "VARIANTS",
    "Change",
    "FaultModel",
    "FaultPlan",
    "Faults",
    "FrameFault",
    "Happening",
    "Reply",
    "RequestFault",
    "built_in_plan",
    "read_plan",
]
