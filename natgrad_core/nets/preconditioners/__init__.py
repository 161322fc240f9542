"""Optimizers that precondition the gradient with what they have seen of it, in K-FAC's words.

Each is a chain of a momentum, a metric with its damping, and a size:

    rule      metric G of a weight, g its gradients       damping             size
    adamw     diag √E[g²]                                 ε, after the root   α
    sophia    diag F, a running mean                      max(·, ε)           α at most, per entry
    shampoo   (Σ g gᵀ)^¼ ⊗ (Σ gᵀg)^¼                      ε, before the root  α, or another rule's
    soap      Adam's, in eigenvectors of Σ g gᵀ, Σ gᵀg    ε, after the root   α
    muon      (m mᵀ)^½ ⊗ I, m a momentum                  none                α, by the shape
    lion      none: the sign of a momentum                none                α per entry

``stationary_metrics`` has the metrics that they tend to while θ stays where it is, beside F.
"""
