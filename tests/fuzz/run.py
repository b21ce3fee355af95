"""One run of schemathesis' engine, and what is told of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.fuzz.known import Known
from tests.fuzz.rules import CHECKS, LEFT_OUT, PER_ROUTE, WITHOUT_TOKENS, is_finding

DOCUMENT = "/api/v1/openapi.json"
#: The parts of a run, in their order.
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much."""

    seed: int
    examples: int  # of each route in `fuzzing`
    sequences: int  # in `stateful`
    steps: int = 6  # requests of a sequence
    phases: tuple[str, ...] = PHASES
    again: bool = False  # the same requests each time, and not too many


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that failed, or something that the run itself stumbled over."""

    route: str
    check: str
    status: int | None
    sentence: str
    how: str = ""  # to see it again
    answer: str = ""


@dataclass
class Report:
    """What came of runs."""

    seeds: list[int] = field(default_factory=list)
    phases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    routes: dict[str, Counter[int]] = field(default_factory=dict)  # by route: answers by status
    findings: dict[tuple[str, str, int | None], Finding] = field(default_factory=dict)
    times: Counter[tuple[str, str, int | None]] = field(default_factory=Counter)  # of each finding

    @property
    def requests(self) -> int:
        return self.phases.total()

    def note(self, finding: Finding) -> None:
        key = finding.route, finding.check, finding.status
        self.findings.setdefault(key, finding)
        self.times[key] += 1

    def told(self) -> str:
        """For people."""
        classes = Counter[str]()
        for status, number in self.statuses.items():
            classes[f"{status // 100}xx"] += number
        never = sorted(route for route, seen in self.routes.items() if not any(one < 300 for one in seen))
        lines = [
            f"{self.requests:,} requests, {len(self.routes)} routes, seeds {', '.join(map(str, self.seeds))}",
            "phases:   " + ", ".join(f"{name} {number:,}" for name, number in self.phases.items()),
            "answers:  " + ", ".join(f"{name} {number:,}" for name, number in sorted(classes.items())),
            "statuses: " + ", ".join(f"{status} {number:,}" for status, number in sorted(self.statuses.items())),
            f"never answered 2xx: {', '.join(never) or 'none'}",
            *(f"left out: {route}: {why}" for route, why in LEFT_OUT.items()),
            f"findings: {len(self.findings)}",
        ]
        return "\n".join([*lines, *(self._told_of(key, one) for key, one in self.findings.items())])

    def _told_of(self, key: tuple[str, str, int | None], one: Finding) -> str:
        parts = (one.sentence, one.how, one.answer)
        more = "".join(f"\n    {line}" for part in parts for line in part.splitlines())
        return f"\n{one.route}: {one.check}, {one.status}, {self.times[key]} times{more}"


def configuration(known: Known, plan: Plan, token: str, *, everything: bool = False) -> SchemathesisConfig:
    """All that is said to schemathesis. `everything`: with the routes that are else left out."""
    left_out = [] if everything else [{"include-name": route, "enabled": False} for route in LEFT_OUT]
    return SchemathesisConfig.from_dict(
        {
            "seed": plan.seed,
            "continue-on-failure": True,
            "headers": {"Authorization": f"Bearer {token}"},
            "checks": CHECKS,
            "operations": [*PER_ROUTE, *left_out],
            "generation": {
                "max-examples": plan.examples,
                "database": "none",
                "no-shrink": True,
                "allow-extra-parameters": False,  # those that nobody knows are not looked at, as everywhere
                "deterministic": plan.again,
            },
            "phases": {name: _phase(name, plan) for name in PHASES},
            "dictionaries": known.dictionaries(),
            "parameters": known.parameters(),
            "suppress-health-check": ["all"],
        }
    )


def _phase(name: str, plan: Plan) -> dict[str, Any]:
    probed = WITHOUT_TOKENS[:1] if plan.again else WITHOUT_TOKENS
    return {
        "enabled": name in plan.phases,
        **({"max-steps": plan.steps, "generation": {"max-examples": plan.sequences}} if name == "stateful" else {}),
        **({"unexpected-methods": ["put", "delete"]} if name == "coverage" and plan.again else {}),
        **({} if name in probed else {"checks": {"ignored_auth": {"enabled": False}}}),
    }


def run(schema: schemathesis.BaseSchema, known: Known, plan: Plan, report: Report, *, only: str | None = None) -> None:
    """Goes through the phases of the plan. `only`: one route, as `GET /api/v1/me`; else all of them."""
    schema.hooks.register_hook_with_name(is_finding, "filter_failure")
    chosen = schema.exclude(lambda one: one.operation.label != only) if only else schema
    report.seeds.append(plan.seed)
    with known.spoken_of():
        for event in from_schema(chosen).execute():
            match event:
                case events.ScenarioFinished(phase=phase, recorder=recorder):
                    _note(report, str(phase), recorder)
                case events.NonFatalError(label=label, info=info):
                    report.note(Finding(label, info.title, None, info.message or ""))
                case events.FatalError(exception=exception):
                    raise exception
                case _:
                    pass


def _note(report: Report, phase: str, recorder: ScenarioRecorder) -> None:
    for case_id, interaction in recorder.interactions.items():
        report.phases[phase] += 1
        route = _route(recorder, case_id)
        if interaction.response is not None:
            came = interaction.response.status_code
            report.statuses[came] += 1
            report.routes.setdefault(route, Counter())[came] += 1
    for case_id, checks in recorder.checks.items():
        response = recorder.find_response(case_id=case_id)
        for check in checks:
            if check.failure_info:
                failure = check.failure_info.failure
                sentence = f"{failure.title}. {failure.message}"
                answer = (response.content or b"")[:1000].decode(errors="replace") if response else ""
                status = response.status_code if response else None
                how = check.failure_info.code_sample[:2000]
                report.note(Finding(_route(recorder, case_id), check.name, status, sentence, how, answer))


def _route(recorder: ScenarioRecorder, case_id: str) -> str:
    return str(recorder.cases[case_id].value.operation.label)
