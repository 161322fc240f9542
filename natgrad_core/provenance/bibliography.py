"""Where things come from: every work that the project names, once, as BibTeX.

Items name their sources in words, "Amari 1998, theorem 1", in their ``source`` or their docstring.
``cited`` finds the works behind such words by the first author and the year; a test checks this
for every registered item.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple


class Source(NamedTuple):
    """One work. ``where`` holds the fields of its kind: journal, volume, pages; or publisher."""

    kind: str
    authors: str
    year: int
    title: str
    where: dict[str, str]

    @property
    def key(self) -> str:
        """The first author and the year: ``amari1998``."""
        return _key(self.authors.partition(",")[0], str(self.year))

    @property
    def bibtex(self) -> str:
        """The work as a BibTeX entry."""
        fields = {"author": self.authors, "title": f"{{{self.title}}}", **self.where}
        fields["year"] = str(self.year)
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
        return f"@{self.kind}{{{self.key},\n{lines}}}\n"


class UnknownSource(KeyError):
    """A work that is named somewhere and not listed here."""

    def __str__(self) -> str:
        return str(self.args[0])


def _key(surname: str, year: str) -> str:
    plain = unicodedata.normalize("NFKD", surname).encode("ascii", "ignore").decode()
    return re.sub(r"\W", "", plain.split()[-1]).lower() + year


_NAME = r"[A-ZÀ-Ž][\w’'-]+"
_AND = rf" (?:and|&) (?:others|(?:Van )?{_NAME})| et al\."
_NAMED = re.compile(rf"({_NAME})(?:, {_NAME})*(?:{_AND})? ((?:1[5-9]|20)\d\d)\b")
_MONTHS = {
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
}


def named(text: str) -> list[str]:
    """Return the keys of the works that a text names as "Author year".

    Args:
        text: The text.

    Returns:
        The keys, in the text's order.
    """
    found = _NAMED.findall(" ".join(text.split()))
    return list(dict.fromkeys(_key(name, year) for name, year in found if name not in _MONTHS))


def cited(texts: Iterable[str]) -> list[Source]:
    """Return the works that some texts name, each once.

    Args:
        texts: The texts.

    Returns:
        The works.

    Raises:
        UnknownSource: If one is not listed here.
    """
    keys = dict.fromkeys(key for text in texts for key in named(text))
    for key in keys:
        if key not in SOURCES:
            raise UnknownSource(
                f"no source {key!r}; list the work in natgrad_core/provenance/bibliography.py"
            )
    return [SOURCES[key] for key in keys]


def bibtex(sources: Iterable[Source]) -> str:
    """Return works as a BibTeX file.

    Args:
        sources: The works.

    Returns:
        The text of the file.
    """
    return "\n".join(source.bibtex for source in sources)


def _article(authors: str, year: int, title: str, journal: str, volume: str, pages: str) -> Source:
    where = {"journal": journal, "volume": volume, "pages": pages.replace("-", "--")}
    return Source("article", authors, year, title, {k: v for k, v in where.items() if v})


def _book(authors: str, year: int, title: str, publisher: str, edition: str = "") -> Source:
    where = {"publisher": publisher, "edition": edition}
    return Source("book", authors, year, title, {k: v for k, v in where.items() if v})


def _talk(
    authors: str, year: int, title: str, booktitle: str, pages: str = "", note: str = ""
) -> Source:
    where = {"booktitle": booktitle, "pages": pages.replace("-", "--"), "note": note}
    return Source("inproceedings", authors, year, title, {k: v for k, v in where.items() if v})


def _part(authors: str, year: int, title: str, booktitle: str, publisher: str) -> Source:
    where = {"booktitle": booktitle, "publisher": publisher}
    return Source("incollection", authors, year, title, where)


def _arxiv(authors: str, year: int, title: str, number: str) -> Source:
    where = {"eprint": number, "archiveprefix": "arXiv"}
    return Source("misc", authors, year, title, where)


_NIPS = "Advances in Neural Information Processing Systems"
_ICML = "International Conference on Machine Learning"
_ICLR = "International Conference on Learning Representations"

_WORKS = (
    _book("Abramowitz, Milton and Stegun, Irene A.", 1964, "Handbook of Mathematical Functions",
          "National Bureau of Standards"),
    # Information geometry and the natural gradient
    _article("Ali, S. M. and Silvey, S. D.", 1966,
             "A General Class of Coefficients of Divergence of One Distribution from Another",
             "Journal of the Royal Statistical Society, Series B", "28", "131-142"),
    _article("Amari, Shun-ichi", 1998, "Natural Gradient Works Efficiently in Learning",
             "Neural Computation", "10", "251-276"),
    _book("Amari, Shun-ichi and Nagaoka, Hiroshi", 2000, "Methods of Information Geometry",
          "American Mathematical Society and Oxford University Press"),
    _article("Amari, Shun-ichi and Park, Hyeyoung and Ozeki, Tomoko", 2006,
             "Singularities Affect Dynamics of Learning in Neuromanifolds", "Neural Computation",
             "18", "1007-1065"),
    _article("Atkinson, Colin and Mitchell, Ann F. S.", 1981, "Rao's Distance Measure",
             "Sankhya, Series A", "43", "345-365"),
    _talk("Bagnell, J. Andrew and Schneider, Jeff", 2003, "Covariant Policy Search",
          "International Joint Conference on Artificial Intelligence", "1019-1024"),
    _book("Brown, Lawrence D.", 1986, "Fundamentals of Statistical Exponential Families",
          "Institute of Mathematical Statistics"),
    _book("Cramér, Harald", 1946, "Mathematical Methods of Statistics",
          "Princeton University Press"),
    _article("Costa, Sueli I. R. and Santos, Sandra A. and Strapasson, João E.", 2015,
             "Fisher Information Distance: A Geometrical Reading",
             "Discrete Applied Mathematics", "197", "59-69"),
    _article("Cox, D. R. and Reid, N.", 1987,
             "Parameter Orthogonality and Approximate Conditional Inference",
             "Journal of the Royal Statistical Society, Series B", "49", "1-39"),
    _book("do Carmo, Manfredo P.", 1992, "Riemannian Geometry", "Birkhäuser"),
    _article("Fisher, Ronald A.", 1925, "Theory of Statistical Estimation",
             "Mathematical Proceedings of the Cambridge Philosophical Society", "22", "700-725"),
    _article("Fujiwara, Akio and Amari, Shun-ichi", 1995,
             "Gradient Systems in View of Information Geometry", "Physica D", "80", "317-327"),
    _talk("Kakade, Sham", 2001, "A Natural Policy Gradient", f"{_NIPS} 14"),
    _talk("Kristiadi, Agustinus and Dangel, Felix and Hennig, Philipp", 2023,
          "The Geometry of Neural Nets' Parameter Spaces Under Reparametrization", f"{_NIPS} 36"),
    _article("Kullback, Solomon and Leibler, Richard A.", 1951, "On Information and Sufficiency",
             "The Annals of Mathematical Statistics", "22", "79-86"),
    _talk("Kunstner, Frederik and Balles, Lukas and Hennig, Philipp", 2019,
          "Limitations of the Empirical Fisher Approximation for Natural Gradient Descent",
          f"{_NIPS} 32"),
    _talk("Lin, Wu and Dangel, Felix and Eschenhagen, Runa and Bae, Juhan and Turner, Richard E. "
          "and Makhzani, Alireza", 2024,
          "Can We Remove the Square-Root in Adaptive Gradient Methods? A Second-Order Perspective",
          _ICML),
    _article("Martens, James", 2020, "New Insights and Perspectives on the Natural Gradient Method",
             "Journal of Machine Learning Research", "21", "1-76"),
    _article("Rao, C. Radhakrishna", 1945,
             "Information and the Accuracy Attainable in the Estimation of Statistical Parameters",
             "Bulletin of the Calcutta Mathematical Society", "37", "81-91"),
    _article("Raskutti, Garvesh and Mukherjee, Sayan", 2015,
             "The Information Geometry of Mirror Descent",
             "IEEE Transactions on Information Theory", "61", "1451-1457"),
    _talk("Le Roux, Nicolas and Manzagol, Pierre-Antoine and Bengio, Yoshua", 2008,
          "Topmoumoute Online Natural Gradient Algorithm", f"{_NIPS} 20"),
    _arxiv("Sohl-Dickstein, Jascha", 2012,
           "The Natural Gradient by Analogy to Signal Whitening, and Recipes and Tricks for its "
           "Use",
           "1205.1828"),
    _talk("Song, Yang and Song, Jiaming and Ermon, Stefano", 2018,
          "Accelerating Natural Gradient with Higher-Order Invariance", _ICML),
    # Numerical mathematics
    _book("Ascher, Uri M. and Mattheij, Robert M. M. and Russell, Robert D.", 1995,
          "Numerical Solution of Boundary Value Problems for Ordinary Differential Equations",
          "Society for Industrial and Applied Mathematics"),
    _book("do Carmo, Manfredo P.", 1976, "Differential Geometry of Curves and Surfaces",
          "Prentice-Hall"),
    _article("Cheng, H. and Gimbutas, Z. and Martinsson, P. G. and Rokhlin, V.", 2005,
             "On the Compression of Low Rank Matrices", "SIAM Journal on Scientific Computing",
             "26", "1389-1404"),
    _book("Golub, Gene H. and Van Loan, Charles F.", 2013, "Matrix Computations",
          "Johns Hopkins University Press", "4"),
    _article("Kovarik, Zdislav", 1970, "Some Iterative Methods for Improving Orthonormality",
             "SIAM Journal on Numerical Analysis", "7", "386-389"),
    Source("misc", "Loader, Catherine", 2000,
           "Fast and Accurate Computation of Binomial Probabilities", {"note": "Manuscript"}),
    Source("misc", "Mächler, Martin", 2012, "Accurately Computing log(1 − exp(−|a|))",
           {"note": "Vignette of the R package Rmpfr"}),
    _article("Trefethen, Lloyd N. and Weideman, J. A. C.", 2014,
             "The Exponentially Convergent Trapezoidal Rule", "SIAM Review", "56", "385-458"),
    # Optimization
    _article("Cauchy, Augustin-Louis", 1847,
             "Méthode générale pour la résolution des systèmes d'équations simultanées",
             "Comptes rendus de l'Académie des Sciences", "25", "536-538"),
    _talk("Dauphin, Yann N. and Pascanu, Razvan and Gulcehre, Caglar and Cho, Kyunghyun and "
          "Ganguli, Surya and Bengio, Yoshua", 2014,
          "Identifying and Attacking the Saddle Point Problem in High-Dimensional Non-Convex "
          "Optimization", f"{_NIPS} 27"),
    _article("Delbourgo, R. and Gregory, J. A.", 1983,
             "C² Rational Quadratic Spline Interpolation to Monotonic Data",
             "IMA Journal of Numerical Analysis", "3", "141-152"),
    _article("Dowell, M. and Jarratt, P.", 1971,
             "A Modified Regula Falsi Method for Computing the Root of an Equation",
             "BIT Numerical Mathematics", "11", "168-174"),
    _article("Duchi, John and Hazan, Elad and Singer, Yoram", 2011,
             "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
             "Journal of Machine Learning Research", "12", "2121-2159"),
    _book("Gauss, Carl Friedrich", 1809,
          "Theoria motus corporum coelestium in sectionibus conicis solem ambientium",
          "Perthes and Besser"),
    _article("Gregory, J. A. and Delbourgo, R.", 1982,
             "Piecewise Rational Quadratic Interpolation to Monotonic Data",
             "IMA Journal of Numerical Analysis", "2", "123-130"),
    _talk("Kingma, Diederik P. and Ba, Jimmy", 2015, "Adam: A Method for Stochastic Optimization",
          _ICLR),
    _article("Levenberg, Kenneth", 1944,
             "A Method for the Solution of Certain Non-Linear Problems in Least Squares",
             "Quarterly of Applied Mathematics", "2", "164-168"),
    _book("Madsen, Kaj and Nielsen, Hans Bruun and Tingleff, Ole", 2004,
          "Methods for Non-Linear Least Squares Problems", "Technical University of Denmark", "2"),
    _article("Marquardt, Donald W.", 1963,
             "An Algorithm for Least-Squares Estimation of Nonlinear Parameters",
             "Journal of the Society for Industrial and Applied Mathematics", "11", "431-441"),
    _article("Nesterov, Yurii", 1983,
             "A Method of Solving a Convex Programming Problem with Convergence Rate O(1/k^2)",
             "Soviet Mathematics Doklady", "27", "372-376"),
    _book("Nesterov, Yurii", 2004,
          "Introductory Lectures on Convex Optimization: A Basic Course", "Kluwer"),
    _book("Newton, Isaac", 1669, "De analysi per aequationes numero terminorum infinitas",
          "manuscript, printed by William Jones in 1711"),
    _book("Nielsen, Hans Bruun", 1999, "Damping Parameter in Marquardt's Method",
          "Technical University of Denmark, report IMM-REP-1999-05"),
    _article("Nocedal, Jorge", 1980, "Updating Quasi-Newton Matrices with Limited Storage",
             "Mathematics of Computation", "35", "773-782"),
    _book("Nocedal, Jorge and Wright, Stephen J.", 2006, "Numerical Optimization", "Springer", "2"),
    _article("Penrose, Roger", 1955, "A Generalized Inverse for Matrices",
             "Mathematical Proceedings of the Cambridge Philosophical Society", "51", "406-413"),
    _article("Petzold, Linda", 1983,
             "Automatic Selection of Methods for Solving Stiff and Nonstiff Systems of Ordinary "
             "Differential Equations", "SIAM Journal on Scientific and Statistical Computing", "4",
             "136-148"),
    _article("Polyak, Boris T.", 1964,
             "Some Methods of Speeding up the Convergence of Iteration Methods",
             "USSR Computational Mathematics and Mathematical Physics", "4", "1-17"),
    _article("Polyak, Boris T. and Juditsky, Anatoli B.", 1992,
             "Acceleration of Stochastic Approximation by Averaging",
             "SIAM Journal on Control and Optimization", "30", "838-855"),
    _article("Robbins, Herbert and Monro, Sutton", 1951, "A Stochastic Approximation Method",
             "The Annals of Mathematical Statistics", "22", "400-407"),
    _article("Sacks, Jerome", 1958,
             "Asymptotic Distribution of Stochastic Approximation Procedures",
             "The Annals of Mathematical Statistics", "29", "373-405"),
    _book("Raphson, Joseph", 1690, "Analysis aequationum universalis", "London"),
    _article("Richardson, Lewis Fry", 1911,
             "The Approximate Arithmetical Solution by Finite Differences of Physical Problems "
             "Involving Differential Equations",
             "Philosophical Transactions of the Royal Society A", "210", "307-357"),
    _article("Rosenbrock, Howard H.", 1960,
             "An Automatic Method for Finding the Greatest or Least Value of a Function",
             "The Computer Journal", "3", "175-184"),
    _talk("Schulman, John and Levine, Sergey and Moritz, Philipp and Jordan, Michael and Abbeel, "
          "Pieter", 2015, "Trust Region Policy Optimization", _ICML),
    _book("Strogatz, Steven H.", 1994, "Nonlinear Dynamics and Chaos", "Addison-Wesley"),
    _talk("Sutskever, Ilya and Martens, James and Dahl, George and Hinton, Geoffrey", 2013,
          "On the Importance of Initialization and Momentum in Deep Learning", _ICML),
    _book("Tieleman, Tijmen and Hinton, Geoffrey", 2012,
          "Lecture 6.5: RMSProp, Divide the Gradient by a Running Average of its Recent Magnitude",
          "Coursera, Neural Networks for Machine Learning"),
    _arxiv("Zeiler, Matthew D.", 2012, "ADADELTA: An Adaptive Learning Rate Method", "1212.5701"),
    # Nets
    _talk("Becker, Suzanna and LeCun, Yann", 1989,
          "Improving the Convergence of Back-Propagation Learning with Second Order Methods",
          "Proceedings of the 1988 Connectionist Models Summer School", "29-37"),
    _arxiv("Agarwal, Naman and Anil, Rohan and Hazan, Elad and Koren, Tomer and Zhang, Cyril", 2020,
           "Disentangling Adaptive Gradient Methods from Learning Rates", "2002.11803"),
    _arxiv("Anil, Rohan and Gupta, Vineet and Koren, Tomer and Regan, Kevin and Singer, Yoram",
           2020, "Scalable Second Order Optimization for Deep Learning", "2002.09018"),
    _arxiv("Bernstein, Jeremy and Newhouse, Laker", 2024, "Old Optimizer, New Norm: An Anthology",
           "2409.20325"),
    _article("Björck, Åke and Bowie, C.", 1971,
             "An Iterative Algorithm for Computing the Best Estimate of an Orthogonal Matrix",
             "SIAM Journal on Numerical Analysis", "8", "358-364"),
    _talk("Chen, Xiangning and Liang, Chen and Huang, Da and Real, Esteban and Wang, Kaiyuan and "
          "others", 2023, "Symbolic Discovery of Optimization Algorithms", f"{_NIPS} 36"),
    _talk("Desjardins, Guillaume and Simonyan, Karen and Pascanu, Razvan and Kavukcuoglu, Koray",
          2015, "Natural Neural Networks", f"{_NIPS} 28"),
    _talk("Eschenhagen, Runa and Immer, Alexander and Turner, Richard E. and Schneider, Frank and "
          "Hennig, Philipp", 2023,
          "Kronecker-Factored Approximate Curvature for Modern Neural Network Architectures",
          f"{_NIPS} 36"),
    _talk("George, Thomas and Laurent, César and Bouthillier, Xavier and Ballas, Nicolas and "
          "Vincent, Pascal", 2018,
          "Fast Approximate Natural Gradient Descent in a Kronecker-Factored Eigenbasis",
          f"{_NIPS} 31"),
    _book("Griewank, Andreas and Walther, Andrea", 2008,
          "Evaluating Derivatives", "Society for Industrial and Applied Mathematics", "2"),
    _part("LeCun, Yann and Bottou, Léon and Orr, Genevieve B. and Müller, Klaus-Robert", 1998,
          "Efficient BackProp", "Neural Networks: Tricks of the Trade", "Springer"),
    _arxiv("Goyal, Priya and Dollár, Piotr and Girshick, Ross and Noordhuis, Pieter and others",
           2017, "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", "1706.02677"),
    _talk("Grosse, Roger and Martens, James", 2016,
          "A Kronecker-Factored Approximate Fisher Matrix for Convolution Layers", _ICML),
    _talk("Gupta, Vineet and Koren, Tomer and Singer, Yoram", 2018,
          "Shampoo: Preconditioned Stochastic Tensor Optimization", _ICML),
    _book("Jordan, Keller", 2024, "Muon: An Optimizer for Hidden Layers in Neural Networks",
          "kellerjordan.github.io/posts/muon"),
    _arxiv("Liu, Hong and Li, Zhiyuan and Hall, David and Liang, Percy and Ma, Tengyu", 2023,
           "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training",
           "2305.14342"),
    _talk("Loizou, Nicolas and Vaswani, Sharan and Laradji, Issam and Lacoste-Julien, Simon", 2021,
          "Stochastic Polyak Step-size for SGD: An Adaptive Learning Rate for Fast Convergence",
          "International Conference on Artificial Intelligence and Statistics"),
    _talk("Loshchilov, Ilya and Hutter, Frank", 2019, "Decoupled Weight Decay Regularization",
          _ICLR),
    _talk("Martens, James", 2010, "Deep Learning via Hessian-Free Optimization", _ICML),
    _talk("Martens, James and Grosse, Roger", 2015,
          "Optimizing Neural Networks with Kronecker-Factored Approximate Curvature", _ICML,
          "2408-2417", "sections and equations are cited as in arXiv:1503.05671"),
    _arxiv("Morwani, Depen and Shapira, Itai and Vyas, Nikhil and Malach, Eran and Kakade, Sham "
           "and Janson, Lucas", 2024, "A New Perspective on Shampoo's Preconditioner",
           "2406.17748"),
    _talk("Osawa, Kazuki and Tsuji, Yohei and Ueno, Yuichiro and Naruse, Akira and Yokota, Rio and "
          "Matsuoka, Satoshi", 2019,
          "Large-Scale Distributed Second-Order Optimization Using Kronecker-Factored Approximate "
          "Curvature for Deep Convolutional Neural Networks",
          "IEEE/CVF Conference on Computer Vision and Pattern Recognition"),
    _article("Pearlmutter, Barak A.", 1994, "Fast Exact Multiplication by the Hessian",
             "Neural Computation", "6", "147-160"),
    _talk("Saxe, Andrew M. and McClelland, James L. and Ganguli, Surya", 2014,
          "Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks",
          _ICLR),
    _article("Schraudolph, Nicol N.", 2002,
             "Fast Curvature Matrix-Vector Products for Second-Order Gradient Descent",
             "Neural Computation", "14", "1723-1738"),
    _arxiv("Tselepidis, Nikolaos and Kohler, Jonas and Orvieto, Antonio", 2020,
           "Two-Level K-FAC Preconditioning for Deep Learning", "2011.00573"),
    _arxiv("Vyas, Nikhil and Morwani, Depen and Zhao, Rosie and Kwun, Mujin and Shapira, Itai and "
           "Brandfonbrener, David and Janson, Lucas and Kakade, Sham", 2024,
           "SOAP: Improving and Stabilizing Shampoo using Adam", "2409.11321"),
    # Variational inference
    _article("Hoffman, Matthew D. and Blei, David M. and Wang, Chong and Paisley, John", 2013,
             "Stochastic Variational Inference", "Journal of Machine Learning Research", "14",
             "1303-1347"),
    _talk("Khan, Mohammad Emtiyaz and Lin, Wu", 2017,
          "Conjugate-Computation Variational Inference: Converting Variational Inference in "
          "Non-Conjugate Models to Inferences in Conjugate Models",
          "International Conference on Artificial Intelligence and Statistics"),
    _article("Khan, Mohammad Emtiyaz and Rue, Håvard", 2023, "The Bayesian Learning Rule",
             "Journal of Machine Learning Research", "24", "1-46"),
    _article("Opper, Manfred and Archambeau, Cédric", 2009,
             "The Variational Gaussian Approximation Revisited", "Neural Computation", "21",
             "786-792"),
    # Data and models
    _article("Albert, A. and Anderson, J. A.", 1984,
             "On the Existence of Maximum Likelihood Estimates in Logistic Regression Models",
             "Biometrika", "71", "1-10"),
    _article("Banerjee, Arindam and Dhillon, Inderjit S. and Ghosh, Joydeep and Sra, Suvrit", 2005,
             "Clustering on the Unit Hypersphere using von Mises-Fisher Distributions",
             "Journal of Machine Learning Research", "6", "1345-1382"),
    _article("Nelder, J. A. and Wedderburn, R. W. M.", 1972, "Generalized Linear Models",
             "Journal of the Royal Statistical Society, Series A", "135", "370-384"),
    _article("Osborne, Michael R.", 1992, "Fisher's Method of Scoring",
             "International Statistical Review", "60", "99-117"),
    _book("Agresti, Alan", 2002, "Categorical Data Analysis", "Wiley", "2"),
    _article("Anscombe, F. J.", 1950,
             "Sampling Theory of the Negative Binomial and Logarithmic Series Distributions",
             "Biometrika", "37", "358-382"),
    _article("Bliss, C. I. and Fisher, R. A.", 1953,
             "Fitting the Negative Binomial Distribution to Biological Data", "Biometrics", "9",
             "176-200"),
    _article("Chhikara, Raj S. and Folks, J. Leroy", 1977,
             "The Inverse Gaussian Distribution as a Lifetime Model", "Technometrics", "19",
             "461-468"),
    _article("Coakley, John P. and Rust, Brian R.", 1968, "Sedimentation in an Arctic Lake",
             "Journal of Sedimentary Petrology", "38", "1290-1300"),
    _book("Darwin, Charles", 1876,
          "The Effects of Cross and Self Fertilisation in the Vegetable Kingdom", "John Murray"),
    _article("Fisher, R. A.", 1936, "The Use of Multiple Measurements in Taxonomic Problems",
             "Annals of Eugenics", "7", "179-188"),
    _article("Galton, Francis", 1879, "The Geometric Mean, in Vital and Social Statistics",
             "Proceedings of the Royal Society of London", "29", "365-367"),
    _book("Gumbel, Emil J.", 1958, "Statistics of Extremes", "Columbia University Press"),
    _article("Hurn, Margaret W. and Barker, Nelson W. and Magath, Thomas D.", 1945,
             "The Determination of Prothrombin Time Following the Administration of Dicumarol",
             "Journal of Laboratory and Clinical Medicine", "30", "432-447"),
    _book("Johnson, Norman L. and Kemp, Adrienne W. and Kotz, Samuel", 2005,
          "Univariate Discrete Distributions", "Wiley", "3"),
    _book("Johnson, Norman L. and Kotz, Samuel and Balakrishnan, N.", 1995,
          "Continuous Univariate Distributions, Volume 2", "Wiley", "2"),
    _article("Lange, Kenneth L. and Little, Roderick J. A. and Taylor, Jeremy M. G.", 1989,
             "Robust Statistical Modeling Using the t Distribution",
             "Journal of the American Statistical Association", "84", "881-896"),
    _article("Laplace, Pierre-Simon", 1774,
             "Mémoire sur la probabilité des causes par les évènements",
             "Mémoires de l'Académie royale des sciences de Paris (savants étrangers)", "6",
             "621-656"),
    _article("Lawless, Jerald F.", 1987, "Negative Binomial and Mixed Poisson Regression",
             "Canadian Journal of Statistics", "15", "209-225"),
    Source("misc", "Minka, Thomas P.", 2000, "Estimating a Dirichlet Distribution",
           {"note": "Technical report, MIT"}),
    _article("Newcomb, Simon", 1891, "Measures of the Velocity of Light",
             "Astronomical Papers for the American Ephemeris", "2", "107-230"),
    _article("Pirazzoli, Paolo", 1982, "Maree estreme a Venezia (periodo 1872-1981)",
             "Acqua Aria", "10", "1023-1039"),
    _article("Skovgaard, Lene Theil", 1984,
             "A Riemannian Geometry of the Multivariate Normal Model",
             "Scandinavian Journal of Statistics", "11", "211-223"),
    _article("Student", 1908, "The Probable Error of a Mean", "Biometrika", "6", "1-25"),
    _article("Tweedie, M. C. K.", 1957,
             "Statistical Properties of Inverse Gaussian Distributions, I",
             "Annals of Mathematical Statistics", "28", "362-377"),
    _article("Bliss, C. I.", 1935, "The Calculation of the Dosage-Mortality Curve",
             "Annals of Applied Biology", "22", "134-167"),
    _article("Cavendish, Henry", 1798, "Experiments to Determine the Density of the Earth",
             "Philosophical Transactions of the Royal Society", "88", "469-526"),
    _book("Dobson, Annette J.", 1990, "An Introduction to Generalized Linear Models",
          "Chapman and Hall"),
    _article("Efron, Bradley and Morris, Carl", 1975,
             "Data Analysis Using Stein's Estimator and its Generalizations",
             "Journal of the American Statistical Association", "70", "311-319"),
    _article("Hubble, Edwin", 1929,
             "A Relation between Distance and Radial Velocity among Extra-Galactic Nebulae",
             "Proceedings of the National Academy of Sciences", "15", "168-173"),
    _article("Lieblein, Julius and Zelen, Marvin", 1956,
             "Statistical Investigation of the Fatigue Life of Deep-Groove Ball Bearings",
             "Journal of Research of the National Bureau of Standards", "57", "273-316"),
    _article("Lister, Joseph", 1870,
             "On the Effects of the Antiseptic System of Treatment upon the Salubrity of a "
             "Surgical Hospital", "The Lancet", "95", "40-42"),
    _book("Mardia, Kanti V. and Jupp, Peter E.", 2000, "Directional Statistics", "Wiley"),
    _book("McCullagh, Peter and Nelder, John A.", 1989, "Generalized Linear Models",
          "Chapman and Hall", "2"),
    _article("Proschan, Frank", 1963,
             "Theoretical Explanation of Observed Decreasing Failure Rate", "Technometrics", "5",
             "375-383"),
    _book("Race, R. R. and Sanger, Ruth", 1975, "Blood Groups in Man", "Blackwell", "6"),
    Source("misc", "Suresh, Sylesh", 2019, "Natural Gradient",
           {"note": "Lecture notes", "month": "February"}),
    _book("Titterington, D. M. and Smith, A. F. M. and Makov, U. E.", 1985,
          "Statistical Analysis of Finite Mixture Distributions", "Wiley"),
    _article("Weibull, Waloddi", 1951, "A Statistical Distribution Function of Wide Applicability",
             "Journal of Applied Mechanics", "18", "293-297"),
    _article("Whyte, Bruce M. and Gold, Julian and Dobson, Annette J. and Cooper, David A.", 1987,
             "Epidemiology of Acquired Immunodeficiency Syndrome in Australia",
             "Medical Journal of Australia", "147", "65-69"),
)  # fmt: skip

SOURCES = {work.key: work for work in _WORKS}
"""The works by key."""

if len(SOURCES) != len(_WORKS):
    raise ValueError("two works have one key: tell their years apart by a letter")
