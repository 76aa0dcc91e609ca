"""What a machine draws: rated power, the server around it, the facility around that."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics import energy
from mlsysim.records import Datum, HardwareNode, Input
from mlsysim.solvers.basis import known


@dataclass(frozen=True, slots=True)
class ServerPower:
    """Average IT power of one machine with its share of a server, at some utilization."""

    hardware: HardwareNode
    utilization: float
    rated: Datum
    server: Datum
    idle: Datum

    @property
    def device(self) -> Estimate:
        """Power of the accelerator alone at its rating, busy for the share of time that it is [W]."""
        return self._at(Estimate.exact(1.0, "1"))

    @property
    def it(self) -> Estimate:
        """Power of accelerator and server [W]."""
        return self._at(spread(self.server))

    def _at(self, factor: Estimate) -> Estimate:
        return Estimate.of(
            lambda size, idle: energy.average_power(self.rated.value * size, idle, self.utilization),
            "W",
            factor,
            spread(self.idle),
        )

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return (
            Input("P", f"rated power of the {self.hardware.full_name}", self.rated),
            Input("s", "power of the server over that of its accelerators", self.server),
            Input("i", "share of its power that a server draws idle", self.idle),
        )


def rated_power(hardware: HardwareNode) -> Datum:
    """The power a machine is rated for; one that does not say is refused."""
    if hardware.tdp is None:
        rule = f"the rated power of the {hardware.name} is not known, and its energy follows from it"
        raise InvalidValue("tdp", None, rule, 'HardwareNode(..., tdp="700 W")')
    return hardware.datum("tdp")


def server_power(hardware: HardwareNode, utilization: float) -> ServerPower:
    """The power of a machine whose rated power is known."""
    return ServerPower(hardware, utilization, rated_power(hardware), known("power", "server"), known("power", "idle"))
