"""How GPUs are joined: nodes, the links within them and the network between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, count, fold, quantity
from mlsysim.records import Datum, HardwareNode

_FIGURES = {"link_B_per_s": "link", "nic_B_per_s": "nic"}


@dataclass(frozen=True, slots=True)
class Fabric:
    """Nodes of equal GPUs on a network without bottleneck. `link` and `nic` are per GPU and direction; figures are
    numbers or text with a unit. `in_network` says that a node's switches can add. Chips of a torus are a node as far as
    it reaches, and `link` sums all links of one.

    >>> mine = Fabric(name="Mine", machine="H100", gpus_per_node=4, link="450 GB/s", nic="100 Gbit/s")
    >>> mine.nic
    12500000000.0
    """

    name: str
    machine: HardwareNode
    gpus_per_node: int
    link: float
    nic: float
    in_network: bool = False
    passports: Mapping[str, Datum] = field(default_factory=dict, hash=False, compare=False, repr=False)

    def __init__(
        self,
        *,
        name: str,
        machine: HardwareNode | str,
        gpus_per_node: int,
        link: float | str,
        nic: float | str,
        in_network: bool = False,
        passports: Mapping[str, Datum] | None = None,
    ) -> None:
        if not isinstance(name, str) or not name:
            raise InvalidValue("name", name, "a fabric needs a name", 'name="Mine"')
        if not isinstance(in_network, bool):
            raise InvalidValue("in_network", in_network, "it must be True or False", "in_network=True")
        put = object.__setattr__
        put(self, "name", name)
        put(self, "machine", registry.machine(machine))
        put(self, "gpus_per_node", count("gpus_per_node", gpus_per_node, "gpus_per_node=8", at_most=10**4))
        put(self, "link", quantity("link", link, "B/s", 'link="450 GB/s"'))
        put(self, "nic", quantity("nic", nic, "B/s", 'nic="400 Gbit/s"'))
        put(self, "in_network", in_network)
        put(self, "passports", MappingProxyType(dict(passports or {})))

    @property
    def full_name(self) -> str:
        """The name; a fabric has no variants."""
        return self.name

    def datum(self, name: str) -> Datum:
        """A rate with its passport: datum("link"), datum("nic")."""
        if name not in ("link", "nic"):
            raise UnknownName("datum", name, ("link", "nic"))
        value: float = getattr(self, name)
        passport = self.passports.get(name)
        # A copy with another figure does not keep the passport of the old one.
        if passport is not None and passport.value == value:
            return passport
        return Datum(value, "B/s", f"given for {self.name}", "", "estimate", "not from a data sheet")

    def __reduce__(self) -> tuple[Any, ...]:
        given = {key: getattr(self, key) for key in ("name", "machine", "gpus_per_node", "link", "nic", "in_network")}
        return _rebuild, ({**given, "passports": dict(self.passports)},)


def _rebuild(given: dict[str, Any]) -> Fabric:
    return Fabric(**given)


def fabric(given: Fabric | str) -> Fabric:
    """A fabric, given itself or by name.

    >>> fabric("dgx-h100").gpus_per_node
    8
    """
    if isinstance(given, Fabric):
        return given
    if not isinstance(given, str) or not given.strip():
        raise InvalidValue("fabric", given, "it must be a name or a record", 'fabric="DGX H100"')
    found = _by_name().get(fold(given))
    if found is None:
        raise UnknownName("fabric", given, (each.name for each in shelf()))
    return found


@cache
def shelf() -> registry.Shelf[Fabric]:
    """The fabrics of data/fabrics.toml."""
    content = registry._read("fabrics.toml")
    sources = content.pop("source")
    return registry.Shelf("fabric", {key: _load(entry, sources) for key, entry in content.items()})


@cache
def _by_name() -> dict[str, Fabric]:
    return shelf().by_spelling()


def _load(entry: dict[str, Any], sources: Mapping[str, Any]) -> Fabric:
    default, stamps = entry.pop("source"), entry.pop("passport", {})
    known = {}
    for spelled, name in _FIGURES.items():
        entry[name] = entry.pop(spelled)
        known[name] = registry._datum(name, entry[name], "B/s", {"source": default} | stamps.get(name, {}), sources)
    return Fabric(passports=known, **entry)


class _Fabrics:
    """Fabrics.DGX_H100 and its neighbours."""

    def __getattr__(self, name: str) -> Fabric:
        if name.startswith("_"):
            raise AttributeError(name)
        return shelf().__getattr__(name)

    def __iter__(self) -> Any:
        return iter(shelf())

    def __dir__(self) -> list[str]:
        return dir(shelf())


Fabrics = _Fabrics()
