"""Models as pictures: `plot_model`, `model_to_dot`. They need pydot and, for files, Graphviz."""

import os
import re
import shutil

from ..core.declare import era_default, takes_old_words
from .extras import need

LOOK = {"fontname": "Helvetica", "border": "0", "margin": "0"}


@takes_old_words(stable=2)
def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=era_default(200),
    subgraph=False,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    layer_range=None,
):
    """A built model as a graph of pydot: one node for each layer, an edge where a layer takes another's output.

    `rankdir` "TB" runs from top to bottom, "LR" from left to right; `expand_nested` shows models inside as clusters;
    `layer_range` = (first, last), names or regular expressions, leaves out the layers before and after.

    Source: https://keras.io/api/utils/model_plotting_utils/. Raises ValueError for a model that is not built,
    ImportError where pydot is missing.

    >>> import jkeras as keras
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> len(model_to_dot(model).get_nodes())  # the layer and the common looks
    2
    """
    if not model.built:
        raise ValueError("This model has not yet been built. Call build(), or the model on a batch of data, first.")
    pydot = need("pydot", "plot", "model_to_dot")
    shown = dict(
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
    )
    if subgraph:
        dot = pydot.Cluster(style="dashed", graph_name=model.name, label=model.name, labeljust="l")
    else:
        dot = pydot.Dot(rankdir=rankdir, concentrate=True, dpi=dpi, splines=splines)
        dot.set_node_defaults(shape="record")
    parts = inner_layers(model)
    if parts is None:
        dot.add_node(node_of(pydot, model, shown))
        return dot
    if layer_range is not None:
        parts = shown_layers(parts, layer_range)
    for layer in parts:
        if expand_nested and inner_layers(layer) is not None:
            dot.add_subgraph(model_to_dot(layer, rankdir=rankdir, expand_nested=True, subgraph=True, **shown))
        else:
            dot.add_node(node_of(pydot, layer, shown))
    between = [(source, target) for source, target in edges(model) if source in parts and target in parts]
    for source, target in sorted(between, key=lambda pair: (parts.index(pair[0]), parts.index(pair[1]))):
        if expand_nested:
            source, target = outermost(source, -1), outermost(target, 0)
        dot.add_edge(pydot.Edge(str(id(source)), str(id(target)), penwidth="2"))
    return dot


def shown_layers(layers, layer_range):
    """The layers from the first that matches one expression to the last that matches the other."""
    if len(layer_range) != 2 or not all(isinstance(one, str) for one in layer_range):
        raise ValueError(f"layer_range must be two names (first, last), received {layer_range!r}.")
    found = [[i for i, one in enumerate(layers) if re.match(pattern, one.name)] for pattern in layer_range]
    if not all(found):
        raise ValueError(f"No layers match layer_range={layer_range!r}.")
    first, last = sorted((min(found[0]), max(found[1])))
    return layers[first : last + 1]


def inner_layers(model):
    """The layers and operations of a functional or sequential model in order; None for anything else."""
    from ..models import Sequential

    if isinstance(model, Sequential):
        return list(model.layers)
    graph = getattr(model, "_graph", None)
    return None if graph is None else list(graph.operations)


def edges(model):
    """(source, target) of all connections inside a model."""
    from ..models import Sequential

    if isinstance(model, Sequential):
        return set(zip(model.layers, model.layers[1:]))
    found = set()
    for node in model._graph.nodes:
        sources = {parent.operation for parent in node.parent_nodes}
        found |= {(source, node.operation) for source in sources if source in model._graph.operations}
    return found


def outermost(layer, end):
    """The first (0) or last (-1) layer of a nested model, however deep."""
    while inner_layers(layer):
        layer = inner_layers(layer)[end]
    return layer


def node_of(pydot, layer, shown):
    return pydot.Node(str(id(layer)), label=label_of(layer, **shown), **LOOK)


def label_of(layer, show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable):
    """A table of HTML: the name above, what is asked for below."""
    kind = type(layer).__name__
    cells = []
    if show_shapes:
        if kind != "InputLayer":
            cells.append(cell(f"Input shape: <b>{shapes_of(layer, 'input')}</b>"))
        cells.append(cell(f"Output shape: <b>{shapes_of(layer, 'output')}</b>"))
    if show_dtype:
        cells.append(cell(f"Output dtype: <b>{getattr(getattr(layer, 'output', None), 'dtype', '?')}</b>"))
    if show_trainable and getattr(layer, "weights", None):
        text, color = ("Trainable", "forestgreen") if layer.trainable else ("Non-trainable", "firebrick")
        cells.append(cell(f"<b>{text}</b>", color, ' color="white"'))
    span = f' colspan="{max(1, len(cells))}"'
    title = f"<b>{layer.name}</b> ({kind})" if show_layer_names else f"<b>{kind}</b>"
    rows = [cell(title, "black", ' color="white"', span, 16)]
    if show_layer_activations and getattr(layer, "activation", None) is not None:
        name = getattr(layer.activation, "__name__", None) or getattr(layer.activation, "name", layer.activation)
        rows.append(cell(f"Activation: <b>{name}</b>", span=span))
    rows += ["".join(cells)] if cells else []
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<<table border="0" cellborder="1" bgcolor="black" cellpadding="10">{body}</table>>'


def cell(text, background="white", font="", span="", size=14):
    return f'<td bgcolor="{background}"{span}><font point-size="{size}"{font}>{text}</font></td>'


def shapes_of(layer, side):
    """The shape of what goes in or comes out; a question mark where the layer is called more than once."""
    import jax

    try:
        value = getattr(layer, side)
    except (AttributeError, ValueError):
        return "?"
    shapes = [tuple(x.shape) for x in jax.tree.leaves(value, is_leaf=lambda x: hasattr(x, "shape"))]
    return shapes[0] if len(shapes) == 1 else shapes


@takes_old_words(stable=3)
def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=era_default(False),
    rankdir="TB",
    expand_nested=False,
    dpi=era_default(200),
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    layer_range=None,
):
    """Draws a model into a file, whose ending tells the format; in a notebook, gives the picture.

    Source: https://keras.io/api/utils/model_plotting_utils/. Raises ValueError for a model that is not built,
    ImportError where pydot or Graphviz is missing.
    """
    dot = model_to_dot(
        model,
        show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        layer_range=layer_range,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
    )
    if shutil.which("dot") is None:
        raise ImportError(
            "plot_model needs Graphviz, whose program `dot` was not found: see https://graphviz.org/download/. "
            "model_to_dot(model).to_string() works without it."
        )
    to_file = os.fspath(to_file)
    kind = os.path.splitext(to_file)[1][1:] or "png"
    dot.write(to_file, format=kind)
    if kind == "pdf":
        return None
    try:
        from IPython import display
    except ImportError:
        return None
    return display.Image(filename=to_file)
