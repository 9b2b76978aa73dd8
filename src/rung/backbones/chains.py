"""Convolutions one after another: VGG and SqueezeNet, which transformers lacks, behind its own doors.

A layer is one convolution or one fire module, with the pooling that follows it: what can be frozen and trained.
Source: Simonyan and Zisserman 2014, VGG, table 1; Iandola et al. 2016, SqueezeNet, section 3.
"""

from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPoolingAndNoAttention


class ChainConfig(transformers.PretrainedConfig):  # type: ignore[misc]  # transformers is untyped here
    """The layers in order.

    layers: {"conv": [in, out, kernel, stride, padding], "norm": bool} or {"fire": [in, squeezed, out by 1x1, by 3x3]},
    each with "pool": [kernel, stride, whether the last window may be cut] where greatest values are taken after it.
    """

    def __init__(self, layers: list[dict[str, Any]] | None = None, **rest: Any) -> None:
        self.layers = layers or []
        super().__init__(**rest)


class VggConfig(ChainConfig):
    """VGG, with or without batch norm."""

    model_type = "vgg"


class SqueezeNetConfig(ChainConfig):
    """SqueezeNet 1.0 and 1.1."""

    model_type = "squeezenet"


class Layer(nn.Module):
    """One convolution or fire module, and the pooling after it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__()
        self.fire = "fire" in spec
        if self.fire:
            inner, squeezed, by_1, by_3 = spec["fire"]
            self.squeeze = nn.Conv2d(inner, squeezed, 1)
            self.expand1x1, self.expand3x3 = nn.Conv2d(squeezed, by_1, 1), nn.Conv2d(squeezed, by_3, 3, padding=1)
        else:
            inner, outer, kernel, stride, padding = spec["conv"]
            self.conv = nn.Conv2d(inner, outer, kernel, stride, padding)
            self.norm = nn.BatchNorm2d(outer) if spec.get("norm") else None
        kernel, stride, cut = spec.get("pool", (1, 1, False))
        self.pool = nn.MaxPool2d(kernel, stride, ceil_mode=cut) if "pool" in spec else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) maps."""
        if self.fire:
            x = torch.relu(self.squeeze(x))
            x = torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1))
        else:
            x = self.conv(x)
            x = torch.relu(x if self.norm is None else self.norm(x))
        return x if self.pool is None else self.pool(x)


class _Chain(transformers.PreTrainedModel):  # type: ignore[misc]  # see above
    base_model_prefix = "chain"
    main_input_name = "pixel_values"

    def __init__(self, config: ChainConfig) -> None:
        super().__init__(config)
        self.layers = nn.ModuleList(Layer(spec) for spec in config.layers)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, pixel_values: Tensor, **_: Any) -> BaseModelOutputWithPoolingAndNoAttention:
        x = pixel_values
        for layer in self.layers:
            x = layer(x)
        return BaseModelOutputWithPoolingAndNoAttention(
            last_hidden_state=x, pooler_output=x.mean((2, 3), keepdim=True), hidden_states=None
        )


class VggModel(_Chain):
    """The convolutions of VGG."""

    config_class = VggConfig


class SqueezeNetModel(_Chain):
    """The convolutions of SqueezeNet."""

    config_class = SqueezeNetConfig


for _config, _model in ((VggConfig, VggModel), (SqueezeNetConfig, SqueezeNetModel)):
    transformers.AutoConfig.register(_config.model_type, _config)
    transformers.AutoModel.register(_config, _model)
