"""What a dense network does to signal and gradient: one pass forward and back, in NumPy."""

from collections.abc import Callable, Sequence

import numpy as np

from fmnist_exp.rundir.tables import LayerSignal

EPSILON = 1e-3  # of Keras's BatchNormalization and LayerNormalization by default
Pullback = Callable[[np.ndarray], np.ndarray]  # gradient of what comes out -> of what went in
Activation = Callable[[np.ndarray], tuple[np.ndarray, Pullback]]


def relu(before: np.ndarray) -> tuple[np.ndarray, Pullback]:
    """The larger of each number and 0, and its pullback."""
    return np.maximum(before, 0), lambda gradient: gradient * (before > 0)


def propagated(
    kernels: Sequence[np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
    activation: Activation = relu,
    *,
    normalized_axis: int | None = None,
) -> list[LayerSignal]:
    """Signal and gradient of every layer of a network whose biases are 0, without dropout.

    Hidden layers are a kernel, the activation, and maybe normalization by the images themselves;
    the last layer is a kernel and softmax. The loss is the mean cross-entropy.

    Args:
        kernels: float (fan_in, fan_out) of each layer, in order.
        images: float (num_images, num_pixels), in [0, 1].
        labels: int (num_images,); class indices.
        activation: of hidden layers.
        normalized_axis: over which normalization follows each of them: 0, the images, is batch
            normalization, and 1, the units, layer normalization; None for neither.

    Source:
        Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating errors;
        for batch normalization Ioffe and Szegedy (2015), section 3; for layer normalization Ba,
        Kiros and Hinton (2016), section 3.
    """
    kernels = [np.asarray(kernel, dtype=np.float64) for kernel in kernels]
    inputs = [np.asarray(images, dtype=np.float64)]
    before, shares, pullbacks = [], [], []
    with np.errstate(all="ignore"):  # weights of any size are measured
        for kernel in kernels[:-1]:
            before.append(inputs[-1] @ kernel)
            after, pullback = activation(before[-1])
            shares.append(float((np.ptp(after, axis=0) == 0).mean()))
            pullbacks.append([pullback])
            if normalized_axis is not None:
                after, pullback = _normalized(after, normalized_axis)
                pullbacks[-1].append(pullback)
            inputs.append(after)
        before.append(inputs[-1] @ kernels[-1])
        shares.append(float((np.ptp(before[-1], axis=0) == 0).mean()))
        loss, gradient = _cross_entropy(before[-1], labels)
        norms = []
        for place in reversed(range(len(kernels))):
            norms.append(float(np.linalg.norm(inputs[place].T @ gradient)))
            if place:
                gradient = gradient @ kernels[place].T
                for pullback in reversed(pullbacks[place - 1]):
                    gradient = pullback(gradient)
        favourite = np.bincount(before[-1].argmax(axis=1)).max() / len(labels)
        return [
            LayerSignal(
                layer=place + 1,
                fan_in=kernel.shape[0],
                fan_out=kernel.shape[1],
                weight_sd=float(kernel.std()),
                mean_square=float(np.square(before[place]).mean()),
                gradient_norm=norms[-1 - place],
                dead_share=shares[place],
                initial_loss=loss,
                favourite_share=float(favourite),
            )
            for place, kernel in enumerate(kernels)
        ]


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean cross-entropy of softmax, and its gradient by the logits."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    gradient = np.exp(log_probabilities)
    gradient[rows, labels] -= 1
    return float(-log_probabilities[rows, labels].mean()), gradient / len(labels)


def _normalized(values: np.ndarray, axis: int) -> tuple[np.ndarray, Pullback]:
    """Normalization over an axis with scale 1 and shift 0, and its pullback."""
    deviation = np.sqrt(values.var(axis=axis, keepdims=True) + EPSILON)
    normal = (values - values.mean(axis=axis, keepdims=True)) / deviation

    def pullback(gradient: np.ndarray) -> np.ndarray:
        along = normal * (gradient * normal).mean(axis=axis, keepdims=True)
        return (gradient - gradient.mean(axis=axis, keepdims=True) - along) / deviation

    return normal, pullback
