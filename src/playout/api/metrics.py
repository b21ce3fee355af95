"""Figures for Prometheus: a meter with a registry of its own. What is measured stands where it happens, not here.

However a label is filled, what is shown stays small and says nothing about anybody: a value that does not look like a
word of the code's, or comes after too many others, is shown as `other`.
"""

import platform
import re
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from playout import __version__
from playout.application.ports.house import Count, Duration, Level, Measure
from playout.domain.ids import is_id

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
OTHER = "other"
#: Different sets of labels that one measure can have. There are about 60 routes with one or two methods each.
MOST_SERIES = 500
#: From a look into a small table to an upload of minutes, in seconds.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_WORD = re.compile(r"[a-zA-Z0-9_./{}:-]{0,80}")


class Metrics:
    """A Meter, and the page that shows it. Two of them know nothing of each other."""

    def __init__(self, *, most_series: int = MOST_SERIES) -> None:
        self._registry = CollectorRegistry()
        self._most_series = most_series
        self._series: dict[str, set[tuple[str, ...]]] = {}
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._gauges: dict[str, Gauge] = {}
        ProcessCollector(registry=self._registry)
        build = Gauge("playout_build_info", "The program.", ("version", "python"), registry=self._registry)
        build.labels(__version__, platform.python_version()).set(1)

    def count(self, measure: Count, **labels: str) -> None:
        """It happened once more."""
        known = self._counters.get(measure.name)
        if known is None:
            known = Counter(_named(measure), measure.about, measure.labels, registry=self._registry)
            self._counters[measure.name] = known
        values = self._values(measure, labels)
        (known.labels(*values) if values else known).inc()

    def observe(self, measure: Duration, seconds: float, **labels: str) -> None:
        """It happened once more, and took so long."""
        known = self._histograms.get(measure.name)
        if known is None:
            known = Histogram(_named(measure), measure.about, measure.labels, registry=self._registry, buckets=BUCKETS)
            self._histograms[measure.name] = known
        values = self._values(measure, labels)
        (known.labels(*values) if values else known).observe(seconds)

    def level(self, measure: Level, value: float) -> None:
        """So much there is now."""
        self._gauge(measure).set(value)

    def watch(self, measure: Level, read: Callable[[], float]) -> None:
        """So much there is whenever the page is asked for. `read` is called in a thread, and must not raise."""
        self._gauge(measure).set_function(read)

    def page(self) -> bytes:
        """All figures in Prometheus's text format. Reads the process's figures from the system: call it in a thread."""
        return generate_latest(_WithoutBirthdays(self._registry))

    def _gauge(self, measure: Level) -> Gauge:
        known = self._gauges.get(measure.name)
        if known is None:
            known = self._gauges[measure.name] = Gauge(_named(measure), measure.about, registry=self._registry)
        return known

    def _values(self, measure: Measure, labels: dict[str, str]) -> tuple[str, ...]:
        values = tuple(_word(labels.get(name, "")) for name in measure.labels)
        known = self._series.setdefault(measure.name, set())
        if values not in known and len(known) >= self._most_series:
            return (OTHER,) * len(values)
        known.add(values)
        return values


class _WithoutBirthdays(Collector):
    """The registry without the `_created` lines, which mean nothing in the text format."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric


def _named(measure: Measure) -> str:
    return f"playout_{measure.name}"


def _word(value: str) -> str:
    """The value, if it can be a word of the code's."""
    is_word = _WORD.fullmatch(value) is not None and not is_id(value, value.partition("_")[0])
    return value if is_word else OTHER
