"""What error rates of two groups can be equal at once."""

from __future__ import annotations


def false_positive_rate(prevalence: float, precision: float, recall: float) -> float:
    r"""False-positive rate that prevalence, precision and recall leave no choice about.

    .. math:: \mathrm{FPR} = \frac{p}{1-p}\,\frac{1-\mathrm{PPV}}{\mathrm{PPV}}\,\mathrm{TPR}

    Parameters
    ----------
    prevalence : share of a group for whom it is true p [-]
    precision : share of the flagged for whom it is true PPV [-]
    recall : share of those for whom it is true that are flagged TPR [-]

    Returns
    -------
    share of the others that are flagged [-]; above one where no classifier can have all three

    Assumptions
    -----------
    An identity: counts of one table, no model of anything.

    Examples
    --------
    Half of a group, flagged with precision and recall of 0.8:

    >>> round(false_positive_rate(0.5, 0.8, 0.8), 9)
    0.2

    References
    ----------
    Chouldechova, "Fair prediction with disparate impact", Big Data 5(2), 2017, equation 2.6.
    """
    return prevalence / (1.0 - prevalence) * (1.0 - precision) / precision * recall


def precision_of(prevalence: float, recall: float, false_positives: float) -> float:
    r"""Precision that follows from a group's prevalence and both error rates.

    .. math:: \mathrm{PPV} = \frac{p\,\mathrm{TPR}}{p\,\mathrm{TPR} + (1-p)\,\mathrm{FPR}}

    Parameters
    ----------
    prevalence : share of a group for whom it is true p [-]
    recall : share of those for whom it is true that are flagged TPR [-]
    false_positives : share of the others that are flagged FPR [-]

    Returns
    -------
    precision [-]

    Assumptions
    -----------
    Bayes' rule; at least one is flagged.

    Examples
    --------
    One in a hundred, found nine times in ten, with one false alarm in ten:

    >>> round(precision_of(0.01, 0.9, 0.1), 3)
    0.083

    References
    ----------
    Kleinberg, Mullainathan & Raghavan, "Inherent Trade-Offs in the Fair Determination of Risk Scores", ITCS 2017.
    """
    flagged = prevalence * recall
    return flagged / (flagged + (1.0 - prevalence) * false_positives)


def selection_rate(prevalence: float, recall: float, false_positives: float) -> float:
    r"""Share of a group that is flagged.

    .. math:: s = p\,\mathrm{TPR} + (1-p)\,\mathrm{FPR}

    Parameters
    ----------
    prevalence : share of a group for whom it is true p [-]
    recall : share of those for whom it is true that are flagged TPR [-]
    false_positives : share of the others that are flagged FPR [-]

    Returns
    -------
    share [-]

    Assumptions
    -----------
    An identity; demographic parity is this share being equal.

    Examples
    --------
    >>> round(selection_rate(0.5, 0.8, 0.2), 9)
    0.5

    References
    ----------
    Hardt, Price & Srebro, "Equality of Opportunity in Supervised Learning", NeurIPS 2016, section 2.
    """
    return prevalence * recall + (1.0 - prevalence) * false_positives
