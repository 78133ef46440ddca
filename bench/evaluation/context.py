"""What a procedure is given: the sides that are there, the load generator, and where faults are kept."""
import contextlib
import math
import statistics

from .common import ENGINES, Failed, Unavailable, say
from .containers import Containers
from .peers import Serve
from .sides import Wow


class Context:
    """missing: [(side, why)], which is no fault; failures: [(side, why)], which are."""

    def __init__(self, shop, load, engines, with_containers=True):
        self.shop, self.load = shop, load
        self.engines = [name for name in ENGINES if name in engines]
        self.with_containers = with_containers
        self.missing, self.failures = [], []

    def make(self, names, options=None, quota=None):
        """The sides of these names: "wow" is one for each engine. quota: a group all of it is in."""
        sides = []
        for name in names:
            if name == "wow":
                more = {"options": options} if options else {}
                sides += [Wow(engine, self.shop, tasks=quota and quota.tasks, **more)
                          for engine in self.engines]
            elif name in ("node", "native"):
                sides.append(Containers(name, self.shop, parent=quota))
            elif name == "serve":
                sides.append(Serve(self.shop, tasks=quota and quota.tasks))
            else:
                raise Failed(f"there is no side '{name}'")
        return sides

    def may(self, side):
        """Is it asked for at all?"""
        asked = self.with_containers or not isinstance(side, Containers)
        why = side.name, "left out, as asked: --no-containers"
        if not asked and why not in self.missing:
            self.missing.append(why)
        return asked

    @contextlib.contextmanager
    def sides(self, names, **how):
        """Those that are there, up; all of them are down at the end."""
        up = []
        try:
            for side in self.make(names, **how):
                if not self.may(side):
                    continue
                with self.guard(side):
                    side.start()
                    up.append(side)
            yield up
        finally:
            for side in up:
                side.stop()

    @contextlib.contextmanager
    def guard(self, side):
        """A side that fails or is not there has its reason kept; the others go on."""
        try:
            yield
        except Unavailable as why:
            if (side.name, str(why)) not in self.missing:
                say(f"{side.name}: not measured: {why}")
                self.missing.append((side.name, str(why)))
        except Failed as why:
            say(f"{side.name}: FAILED: {why}")
            self.failures.append((side.name, str(why)))


def middle(values):
    values = list(values)
    return statistics.median(values) if values else 0.0


def quantile(values, share):
    """The smallest value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else 0.0
