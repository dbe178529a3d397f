"""The strategy that a command names: its file, its parameters, and its class, which is imported when it is needed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skills_lib.backtest.source import StrategySource
    from skills_lib.backtest.strategy import LoadedStrategy
    from skills_lib.domain.parameters import ParameterSpace


def source_of(name: str) -> "StrategySource":
    """The file of the strategy called `name`.

    Raises:
        InputError: unknown strategy.
    """
    import strategies

    file = strategies.source_file(name)  # a wrong name is answered before anything heavy is imported
    from skills_lib.backtest.source import StrategySource

    return StrategySource(name, file, strategies.__name__)


def parameters_of(source: "StrategySource") -> "ParameterSpace":
    """The strategy's parameters; it is imported only if its file does not tell them.

    Raises:
        InputError: its file cannot be imported, or an invalid constraint.
    """
    if (declared := source.declared_space()) is not None:
        return declared
    from skills_lib.backtest.strategy import parameter_space

    return parameter_space(loaded(source).strategy)


def loaded(source: "StrategySource") -> "LoadedStrategy":
    """The strategy, imported.

    Raises:
        InputError: its file cannot be imported.
    """
    import strategies
    from skills_lib.backtest.strategy import LoadedStrategy

    return LoadedStrategy(source.name, strategies.load(source.name), source.file)
