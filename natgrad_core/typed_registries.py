"""What the registries give for each name, for type checkers; ``make generate`` writes it.

Nothing imports this module at run time.
"""

# Nobody edits this file, so each overload stands on one line, however long.
# ruff: noqa: E501
# fmt: off
# A name that is written out and not there shall differ from one that the program computes.
# pyright: reportOverlappingOverload=false, reportNoOverloadImplementation=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, LiteralString, Protocol, TypeAlias, overload

from numpy.typing import ArrayLike

from natgrad_core.charts.bend import Bend
from natgrad_core.charts.expectation import Expectation
from natgrad_core.charts.identity import Identity
from natgrad_core.charts.linear import Linear
from natgrad_core.charts.log_scale import LogScale
from natgrad_core.charts.natural import Natural
from natgrad_core.charts.polar import Polar
from natgrad_core.charts.precision import Precision
from natgrad_core.charts.shape_mean import ShapeMean
from natgrad_core.charts.square_root import SquareRoot
from natgrad_core.charts.variance import Variance
from natgrad_core.core.chart import Chart
from natgrad_core.core.metric import Metric
from natgrad_core.core.problem import Problem
from natgrad_core.core.registry import Registry
from natgrad_core.core.rule import Rule
from natgrad_core.problems.beta import Beta
from natgrad_core.problems.binomial import Binomial
from natgrad_core.problems.categorical import Categorical
from natgrad_core.problems.categorical_singular import CategoricalSingular
from natgrad_core.problems.dirichlet import Dirichlet
from natgrad_core.problems.double_well import DoubleWell
from natgrad_core.problems.exponential import Exponential
from natgrad_core.problems.gamma import Gamma
from natgrad_core.problems.gamma_regression import GammaRegression
from natgrad_core.problems.gumbel import Gumbel
from natgrad_core.problems.inverse_gaussian import InverseGaussian
from natgrad_core.problems.laplace import Laplace
from natgrad_core.problems.linear_regression import LinearRegression
from natgrad_core.problems.logistic import Logistic
from natgrad_core.problems.logistic_regression import LogisticRegression
from natgrad_core.problems.lognormal import Lognormal
from natgrad_core.problems.mixture import Mixture
from natgrad_core.problems.multinomial_regression import MultinomialRegression
from natgrad_core.problems.multivariate_normal import MultivariateNormal
from natgrad_core.problems.negative_binomial import NegativeBinomial
from natgrad_core.problems.negative_binomial_regression import NegativeBinomialRegression
from natgrad_core.problems.normal import Normal
from natgrad_core.problems.poisson_regression import PoissonRegression
from natgrad_core.problems.quadratic import Quadratic
from natgrad_core.problems.rosenbrock import Rosenbrock
from natgrad_core.problems.student_t import StudentT
from natgrad_core.problems.two_bernoullis import TwoBernoullis
from natgrad_core.problems.two_layer_linear import TwoLayerLinear
from natgrad_core.problems.two_state_mdp import TwoStateMDP
from natgrad_core.problems.variational_normal import VariationalNormal
from natgrad_core.problems.von_mises import VonMises
from natgrad_core.problems.weibull import Weibull

ChartName: TypeAlias = Literal[
    "bend",
    "expectation",
    "identity",
    "linear",
    "log-scale",
    "natural",
    "polar",
    "precision",
    "shape-mean",
    "square-root",
    "variance",
]
MetricName: TypeAlias = Literal[
    "absolute-hessian",
    "block-fisher",
    "diagonal-fisher",
    "empirical-fisher",
    "euclidean",
    "fisher",
    "fisher-power",
    "gauss-newton",
    "hessian",
    "monte-carlo-fisher",
    "transported-hessian",
]
ProblemName: TypeAlias = Literal[
    "beta",
    "binomial",
    "categorical",
    "categorical-singular",
    "dirichlet",
    "double-well",
    "exponential",
    "gamma",
    "gamma-regression",
    "gumbel",
    "inverse-gaussian",
    "laplace",
    "linear-regression",
    "logistic",
    "logistic-regression",
    "lognormal",
    "mixture",
    "multinomial-regression",
    "multivariate-normal",
    "negative-binomial",
    "negative-binomial-regression",
    "normal",
    "poisson-regression",
    "quadratic",
    "rosenbrock",
    "student-t",
    "two-bernoullis",
    "two-layer-linear",
    "two-state-mdp",
    "variational-normal",
    "von-mises",
    "weibull",
]
RuleName: TypeAlias = Literal[
    "adadelta",
    "adagrad",
    "adam",
    "geodesic",
    "gradient",
    "kl-limited",
    "levenberg-marquardt",
    "midpoint",
    "mirror-descent",
    "momentum",
    "natural",
    "natural-momentum",
    "nesterov",
    "newton",
    "rmsprop",
    "trust-region",
]


class NoSuchName:
    """What a registry gives for a name written out that it does not have: nothing."""


class _AbsoluteHessianMetric(Protocol):
    def __call__(self) -> Metric: ...


class _BlockFisherMetric(Protocol):
    def __call__(self, blocks: Sequence[Sequence[int]] = ...) -> Metric: ...


class _DiagonalFisherMetric(Protocol):
    def __call__(self) -> Metric: ...


class _EmpiricalFisherMetric(Protocol):
    def __call__(self) -> Metric: ...


class _EuclideanMetric(Protocol):
    def __call__(self) -> Metric: ...


class _FisherMetric(Protocol):
    def __call__(self) -> Metric: ...


class _FisherPowerMetric(Protocol):
    def __call__(self, q: ArrayLike = ...) -> Metric: ...


class _GaussNewtonMetric(Protocol):
    def __call__(self) -> Metric: ...


class _HessianMetric(Protocol):
    def __call__(self) -> Metric: ...


class _MonteCarloFisherMetric(Protocol):
    def __call__(self, n: int = ..., seed: int = ...) -> Metric: ...


class _TransportedHessianMetric(Protocol):
    def __call__(self) -> Metric: ...


class _AdadeltaRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        beta: ArrayLike = ...,
        epsilon: ArrayLike = ...,
    ) -> Rule: ...


class _AdagradRule(Protocol):
    def __call__(self, rate: ArrayLike = ..., epsilon: ArrayLike = ...) -> Rule: ...


class _AdamRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        beta1: ArrayLike = ...,
        beta2: ArrayLike = ...,
        epsilon: ArrayLike = ...,
    ) -> Rule: ...


class _GeodesicRule(Protocol):
    def __call__(self, rate: ArrayLike = ...) -> Rule: ...


class _GradientRule(Protocol):
    def __call__(self, rate: ArrayLike = ...) -> Rule: ...


class _KlLimitedRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        radius: ArrayLike = ...,
        damping: ArrayLike = ...,
        kind: str = ...,
        singular: str = ...,
    ) -> Rule: ...


class _LevenbergMarquardtRule(Protocol):
    def __call__(self, initial: ArrayLike = ..., kind: str = ...) -> Rule: ...


class _MidpointRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        damping: ArrayLike = ...,
        kind: str = ...,
        singular: str = ...,
    ) -> Rule: ...


class _MirrorDescentRule(Protocol):
    def __call__(self, rate: ArrayLike = ..., potential: str = ...) -> Rule: ...


class _MomentumRule(Protocol):
    def __call__(self, rate: ArrayLike = ..., beta: ArrayLike = ...) -> Rule: ...


class _NaturalRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        damping: ArrayLike = ...,
        kind: str = ...,
        singular: str = ...,
    ) -> Rule: ...


class _NaturalMomentumRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        beta: ArrayLike = ...,
        damping: ArrayLike = ...,
        kind: str = ...,
        singular: str = ...,
    ) -> Rule: ...


class _NesterovRule(Protocol):
    def __call__(self, rate: ArrayLike = ..., beta: ArrayLike = ...) -> Rule: ...


class _NewtonRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        damping: ArrayLike = ...,
        kind: str = ...,
        singular: str = ...,
    ) -> Rule: ...


class _RmspropRule(Protocol):
    def __call__(
        self,
        rate: ArrayLike = ...,
        beta: ArrayLike = ...,
        epsilon: ArrayLike = ...,
    ) -> Rule: ...


class _TrustRegionRule(Protocol):
    def __call__(
        self,
        radius: ArrayLike = ...,
        largest: ArrayLike = ...,
        singular: str = ...,
    ) -> Rule: ...


class Charts(Registry[Callable[..., Chart]]):
    """The registry ``charts``, by what each of its names gives."""

    @overload
    def __getitem__(self, name: Literal["bend"]) -> type[Bend]: ...
    @overload
    def __getitem__(self, name: Literal["expectation"]) -> type[Expectation]: ...
    @overload
    def __getitem__(self, name: Literal["identity"]) -> type[Identity]: ...
    @overload
    def __getitem__(self, name: Literal["linear"]) -> type[Linear]: ...
    @overload
    def __getitem__(self, name: Literal["log-scale"]) -> type[LogScale]: ...
    @overload
    def __getitem__(self, name: Literal["natural"]) -> type[Natural]: ...
    @overload
    def __getitem__(self, name: Literal["polar"]) -> type[Polar]: ...
    @overload
    def __getitem__(self, name: Literal["precision"]) -> type[Precision]: ...
    @overload
    def __getitem__(self, name: Literal["shape-mean"]) -> type[ShapeMean]: ...
    @overload
    def __getitem__(self, name: Literal["square-root"]) -> type[SquareRoot]: ...
    @overload
    def __getitem__(self, name: Literal["variance"]) -> type[Variance]: ...
    @overload
    def __getitem__(self, name: ChartName) -> Callable[..., Chart]: ...
    @overload
    def __getitem__(self, name: LiteralString) -> NoSuchName: ...
    @overload
    def __getitem__(self, name: str) -> Callable[..., Chart]: ...


class Metrics(Registry[Callable[..., Metric]]):
    """The registry ``metrics``, by what each of its names gives."""

    @overload
    def __getitem__(self, name: Literal["absolute-hessian"]) -> _AbsoluteHessianMetric: ...
    @overload
    def __getitem__(self, name: Literal["block-fisher"]) -> _BlockFisherMetric: ...
    @overload
    def __getitem__(self, name: Literal["diagonal-fisher"]) -> _DiagonalFisherMetric: ...
    @overload
    def __getitem__(self, name: Literal["empirical-fisher"]) -> _EmpiricalFisherMetric: ...
    @overload
    def __getitem__(self, name: Literal["euclidean"]) -> _EuclideanMetric: ...
    @overload
    def __getitem__(self, name: Literal["fisher"]) -> _FisherMetric: ...
    @overload
    def __getitem__(self, name: Literal["fisher-power"]) -> _FisherPowerMetric: ...
    @overload
    def __getitem__(self, name: Literal["gauss-newton"]) -> _GaussNewtonMetric: ...
    @overload
    def __getitem__(self, name: Literal["hessian"]) -> _HessianMetric: ...
    @overload
    def __getitem__(self, name: Literal["monte-carlo-fisher"]) -> _MonteCarloFisherMetric: ...
    @overload
    def __getitem__(self, name: Literal["transported-hessian"]) -> _TransportedHessianMetric: ...
    @overload
    def __getitem__(self, name: MetricName) -> Callable[..., Metric]: ...
    @overload
    def __getitem__(self, name: LiteralString) -> NoSuchName: ...
    @overload
    def __getitem__(self, name: str) -> Callable[..., Metric]: ...


class Problems(Registry[type[Problem]]):
    """The registry ``problems``, by what each of its names gives."""

    @overload
    def __getitem__(self, name: Literal["beta"]) -> type[Beta]: ...
    @overload
    def __getitem__(self, name: Literal["binomial"]) -> type[Binomial]: ...
    @overload
    def __getitem__(self, name: Literal["categorical"]) -> type[Categorical]: ...
    @overload
    def __getitem__(self, name: Literal["categorical-singular"]) -> type[CategoricalSingular]: ...
    @overload
    def __getitem__(self, name: Literal["dirichlet"]) -> type[Dirichlet]: ...
    @overload
    def __getitem__(self, name: Literal["double-well"]) -> type[DoubleWell]: ...
    @overload
    def __getitem__(self, name: Literal["exponential"]) -> type[Exponential]: ...
    @overload
    def __getitem__(self, name: Literal["gamma"]) -> type[Gamma]: ...
    @overload
    def __getitem__(self, name: Literal["gamma-regression"]) -> type[GammaRegression]: ...
    @overload
    def __getitem__(self, name: Literal["gumbel"]) -> type[Gumbel]: ...
    @overload
    def __getitem__(self, name: Literal["inverse-gaussian"]) -> type[InverseGaussian]: ...
    @overload
    def __getitem__(self, name: Literal["laplace"]) -> type[Laplace]: ...
    @overload
    def __getitem__(self, name: Literal["linear-regression"]) -> type[LinearRegression]: ...
    @overload
    def __getitem__(self, name: Literal["logistic"]) -> type[Logistic]: ...
    @overload
    def __getitem__(self, name: Literal["logistic-regression"]) -> type[LogisticRegression]: ...
    @overload
    def __getitem__(self, name: Literal["lognormal"]) -> type[Lognormal]: ...
    @overload
    def __getitem__(self, name: Literal["mixture"]) -> type[Mixture]: ...
    @overload
    def __getitem__(self, name: Literal["multinomial-regression"]) -> type[MultinomialRegression]: ...
    @overload
    def __getitem__(self, name: Literal["multivariate-normal"]) -> type[MultivariateNormal]: ...
    @overload
    def __getitem__(self, name: Literal["negative-binomial"]) -> type[NegativeBinomial]: ...
    @overload
    def __getitem__(self, name: Literal["negative-binomial-regression"]) -> type[NegativeBinomialRegression]: ...
    @overload
    def __getitem__(self, name: Literal["normal"]) -> type[Normal]: ...
    @overload
    def __getitem__(self, name: Literal["poisson-regression"]) -> type[PoissonRegression]: ...
    @overload
    def __getitem__(self, name: Literal["quadratic"]) -> type[Quadratic]: ...
    @overload
    def __getitem__(self, name: Literal["rosenbrock"]) -> type[Rosenbrock]: ...
    @overload
    def __getitem__(self, name: Literal["student-t"]) -> type[StudentT]: ...
    @overload
    def __getitem__(self, name: Literal["two-bernoullis"]) -> type[TwoBernoullis]: ...
    @overload
    def __getitem__(self, name: Literal["two-layer-linear"]) -> type[TwoLayerLinear]: ...
    @overload
    def __getitem__(self, name: Literal["two-state-mdp"]) -> type[TwoStateMDP]: ...
    @overload
    def __getitem__(self, name: Literal["variational-normal"]) -> type[VariationalNormal]: ...
    @overload
    def __getitem__(self, name: Literal["von-mises"]) -> type[VonMises]: ...
    @overload
    def __getitem__(self, name: Literal["weibull"]) -> type[Weibull]: ...
    @overload
    def __getitem__(self, name: ProblemName) -> type[Problem]: ...
    @overload
    def __getitem__(self, name: LiteralString) -> NoSuchName: ...
    @overload
    def __getitem__(self, name: str) -> type[Problem]: ...


class Rules(Registry[Callable[..., Rule]]):
    """The registry ``rules``, by what each of its names gives."""

    @overload
    def __getitem__(self, name: Literal["adadelta"]) -> _AdadeltaRule: ...
    @overload
    def __getitem__(self, name: Literal["adagrad"]) -> _AdagradRule: ...
    @overload
    def __getitem__(self, name: Literal["adam"]) -> _AdamRule: ...
    @overload
    def __getitem__(self, name: Literal["geodesic"]) -> _GeodesicRule: ...
    @overload
    def __getitem__(self, name: Literal["gradient"]) -> _GradientRule: ...
    @overload
    def __getitem__(self, name: Literal["kl-limited"]) -> _KlLimitedRule: ...
    @overload
    def __getitem__(self, name: Literal["levenberg-marquardt"]) -> _LevenbergMarquardtRule: ...
    @overload
    def __getitem__(self, name: Literal["midpoint"]) -> _MidpointRule: ...
    @overload
    def __getitem__(self, name: Literal["mirror-descent"]) -> _MirrorDescentRule: ...
    @overload
    def __getitem__(self, name: Literal["momentum"]) -> _MomentumRule: ...
    @overload
    def __getitem__(self, name: Literal["natural"]) -> _NaturalRule: ...
    @overload
    def __getitem__(self, name: Literal["natural-momentum"]) -> _NaturalMomentumRule: ...
    @overload
    def __getitem__(self, name: Literal["nesterov"]) -> _NesterovRule: ...
    @overload
    def __getitem__(self, name: Literal["newton"]) -> _NewtonRule: ...
    @overload
    def __getitem__(self, name: Literal["rmsprop"]) -> _RmspropRule: ...
    @overload
    def __getitem__(self, name: Literal["trust-region"]) -> _TrustRegionRule: ...
    @overload
    def __getitem__(self, name: RuleName) -> Callable[..., Rule]: ...
    @overload
    def __getitem__(self, name: LiteralString) -> NoSuchName: ...
    @overload
    def __getitem__(self, name: str) -> Callable[..., Rule]: ...


charts: Charts
metrics: Metrics
problems: Problems
rules: Rules
