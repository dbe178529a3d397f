"""Writes the Markdown report of a calibration."""

from collections.abc import Iterator, Sequence

from skills_lib.calibrate.intervals import PassRate
from skills_lib.calibrate.model import Calibration, PlantedShare

LIMITS = (
    "The rates hold for these kinds of markets, this strategy family, its grid and these costs. A null market "
    "has no edge at all; a real one may have an edge smaller than costs, or one that ends. The planted edge never "
    "ends, which makes it easier to find than a real one. No strategy was tuned on these markets before validation; "
    "tuning on a real market must be counted in the trial ledger."
)


def write_calibration(result: Calibration) -> str:
    """The report as Markdown."""
    return "\n".join(
        [
            f"# Calibration of the verdict with {result.strategy}\n",
            f"{result.null.markets:,} markets without an edge and {planted_markets(result)} with a planted one, each "
            "validated as `twokey validate` does, search and walk-forward included. The true edge is known, so errors "
            "can be counted.\n",
            f"![Power, rejections and trade-off]({result.artifacts.picture.name})\n",
            *(f"- Warning: {text}" for text in result.warnings),
            *(f"- Not examined: {count} markets: {text}" for text, count in result.errors.items()),
            "",
            "## Pass rates\n",
            *_table(headings(result), rows(result)),
            f"\n{interval_note(result)}\n",
            "## Null markets by kind\n",
            *_table(["kind", "markets", "passes", "rate"], kinds(result)),
            "\n## Rejections by rule\n",
            *_table(rule_headings(result), rejections(result)),
            "\nSeveral rules may reject the same market.\n",
            "## Without one rule\n",
            *_table(["dropped", *headings(result)[1:]], without(result)),
            "\n## Trade-off\n",
            *_table(["strictness", *headings(result)[1:]], trade_off(result)),
            "\nAll thresholds together: 1 is the verdict, 0 requires only a profit.\n",
            *_provenance(result),
            "## Limits\n",
            LIMITS,
            "",
        ]
    )


def interval_note(result: Calibration) -> str:
    """What the brackets and the planted Sharpe ratios mean."""
    return (
        "In brackets the exact 95 % interval (Clopper & Pearson). A planted Sharpe is the annual ratio after costs of "
        f"the best fixed point of the grid, averaged over many such markets; {_ideals(result)}."
    )


def percent(share: float) -> str:
    """A share as text in percent, with two digits if it is small."""
    return f"{share * 100:.2g} %" if share < 0.0995 else f"{share * 100:.0f} %"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]] | Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|---|{'---:|' * (len(headings) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def headings(result: Calibration) -> list[str]:
    """Column headings of tables with a column per planted Sharpe ratio."""
    return ["rule", "no edge", *(f"Sharpe {found.sharpe:g}" for found in result.planted)]


def rows(result: Calibration) -> Iterator[list[str]]:
    """Pass rates of the verdict and of the naive rules."""
    yield ["**PASS**", *_exact(result.null, result.planted)]
    for naive in result.naive.values():
        yield [f"naive: {naive.rule}", *_exact(naive.null, naive.planted)]


def _exact(null: PassRate, planted: Sequence[PlantedShare]) -> list[str]:
    return [_interval(null.rate, null.ci95), *(_interval(found.power, found.ci95) for found in planted)]


def _interval(rate: float, ci95: tuple[float, float]) -> str:
    return f"{percent(rate)} ({percent(ci95[0])} to {percent(ci95[1])})"


def _shown(null: PassRate, planted: Sequence[PlantedShare]) -> list[str]:
    return [percent(null.rate), *(percent(found.power) for found in planted)]


def kinds(result: Calibration) -> Iterator[list[str]]:
    """Pass rates by kind of null market."""
    for kind, found in result.null.kinds.items():
        yield [kind, f"{found.markets:,}", f"{found.passes:,}", _interval(found.rate, found.ci95)]


def rule_headings(result: Calibration) -> list[str]:
    """Column headings of `rejections`."""
    return ["rule", f"of {result.null.markets:,} null", *(f"of {f.markets} at {f.sharpe:g}" for f in result.planted)]


def rejections(result: Calibration) -> Iterator[list[str]]:
    """How many markets each rule rejected."""
    every = [result.null.rejected_by, *(found.rejected_by for found in result.planted)]
    for rule in (found.rule for found in result.without):
        yield [rule, *(str(rejected.get(rule, 0)) for rejected in every)]


def without(result: Calibration) -> Iterator[list[str]]:
    """Pass rates without one rule."""
    for found in result.without:
        yield [found.rule, *_shown(found.null, found.planted)]


def trade_off(result: Calibration) -> Iterator[list[str]]:
    """Pass rates by strictness."""
    for found in result.trade_off:
        yield [f"{found.strictness:g}", *_shown(found.null, found.planted)]


def planted_markets(result: Calibration) -> str:
    """How many markets have a planted edge."""
    return f"{sum(found.markets for found in result.planted):,}"


def _ideals(result: Calibration) -> str:
    earned = (f"{f.ideal_sharpe:.2f} for {f.sharpe:g}" for f in result.planted if f.ideal_sharpe is not None)
    return f"on the markets of this calibration it earned {', '.join(earned)}"


def _provenance(result: Calibration) -> Iterator[str]:
    combinations = " × ".join(f"{len(values)} {name}" for name, values in result.space.items())
    yield "\n## Provenance\n"
    yield f"- Seed {result.seed}; the same seed, candles and code give the same markets and the same result"
    yield f"- Bootstrapped and flipped markets from {result.source}"
    yield f"- Searched: {combinations}, positions of {result.share:g} of equity, costs {result.settings.costs.name}"
    yield f"- Code `{result.code_sha256[:16]}`, id `{result.id}`, {result.created_at[:19]} UTC, {result.seconds:,.0f} s"
    yield ""
