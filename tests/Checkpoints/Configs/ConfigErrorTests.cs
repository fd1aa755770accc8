using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Architectures;
using Nanodet.Configs;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Configs;

/// <summary>Settings without meaning are refused, by path and line.</summary>
public class ConfigErrorTests
{
    [Theory]
    [InlineData("swish")]
    [InlineData("relu")]
    [InlineData("Mish")]
    public void Activation_UnknownName_IsRefused(string name) => Refusal.Expect(
        CheckpointErrorCode.InvalidConfig,
        () => Read(TinyModel.Config(("activation: LeakyReLU", $"activation: {name}"))),
        $"model.arch.backbone.activation (line 12): '{name}' is no activation", "SiLU and HardSwish");

    [Theory]
    [InlineData("name: OneStageDetector", "name: YoloDetector", "model.arch.name (line 3): 'YoloDetector' is no detector; known are OneStageDetector, NanoDetPlus and GFL")]
    [InlineData("out_stages: [2, 3]", "out_stages: [2, 9]", "model.arch.backbone.out_stages (line 11): stages of 0 to 3 were expected, [2, 9] were found")]
    [InlineData("[MaxPool, 3, 2]", "[AvgPool, 3, 2]", "model.arch.backbone.net_cfg[1] (line 8): ['Conv', in, out, kernel, stride]")]
    [InlineData("[MaxPool, 3, 2]", "[MaxPool, 0, 2]", "model.arch.backbone.net_cfg[1] (line 8): numbers from 1 were expected, [0, 2] were found")]
    [InlineData("[CspBlock, 4, 1, 3, 2]", "[CspBlock, 5, 1, 3, 2]", "model.arch.backbone.net_cfg[2] (line 9)")]
    [InlineData("[Conv, 8, 8, 3, 2]", "[Conv, 9, 8, 3, 2]", "model.arch.backbone.net_cfg[3]: 9 input channels were given, the stage before has 8")]
    [InlineData("in_channels: [8, 8]", "in_channels: [8, 9]", "model.arch.fpn.in_channels: [8, 9] was given, the backbone's stages have [8, 8] channels")]
    [InlineData("in_channels: [8, 8]", "in_channels: 8", "model.arch.fpn.in_channels (line 15): a list was expected, '8' was found")]
    [InlineData("out_channels: 6", "out_channels: six", "model.arch.fpn.out_channels (line 16): an integer was expected, 'six' was found")]
    [InlineData("out_channels: 6", "out_channels: 0", "model.arch.fpn.out_channels (line 16): 1 to 65536 was expected, 0 was found")]
    [InlineData("out_channels: 6", "out_channels: 7", "model.arch.head.input_channel: 6 was given, the neck's maps have 7 channels")]
    [InlineData("num_outs: 2", "num_outs: 1", "model.arch.fpn.num_outs (line 17): at least 2 was expected for the levels 0 to 1, 1 was found")]
    [InlineData("num_outs: 2", "number_of_outs: 2", "'model.arch.fpn.num_outs' is missing")]
    [InlineData("num_classes: 3", "num_classes: 0", "model.arch.head.num_classes (line 20): 1 to 10000 was expected, 0 was found")]
    [InlineData("num_classes: 3", "num_classes: 3.0", "model.arch.head.num_classes (line 20): an integer was expected, '3.0' was found")]
    [InlineData("share_cls_reg: true", "share_cls_reg: maybe", "model.arch.head.share_cls_reg (line 24): true or false was expected, 'maybe' was found")]
    [InlineData("strides: [8, 16]", "strides: [8]", "model.arch.head.strides: 1 strides were given, the neck has 2 levels")]
    [InlineData("strides: [8, 16]", "strides: [8, 0]", "model.arch.head.strides (line 25): strides of 1 to 1024 were expected, [8, 0] were found")]
    [InlineData("strides: [8, 16]", "strides: [8, 32]", "model.arch.head.strides[1]: stride 32 of an input of 64 x 64 makes 2 x 2 points, the network makes 4 x 4")]
    [InlineData("input_size: [64, 64]", "input_size: [64]", "data.val.input_size (line 31): [width, height] of 1 to 8192 pixels was expected, [64] was found")]
    [InlineData("input_size: [64, 64]", "input_size: [64, 0]", "data.val.input_size (line 31)")]
    [InlineData("input_size: [64, 64]", "input_size: [8193, 64]", "data.val.input_size (line 31)")]
    [InlineData("keep_ratio: false", "keep: false", "'data.val.keep_ratio' is missing")]
    [InlineData("[57.375, 57.12, 58.395]", "[57.375, 0, 58.395]", "data.val.pipeline.normalize[1] (line 34): standard deviations above 0 were expected, [57.375, 0, 58.395] were found")]
    [InlineData("[57.375, 57.12, 58.395]", "[57.375, .nan, 58.395]", "data.val.pipeline.normalize[1][1] (line 34): a number was expected, '.nan' was found")]
    [InlineData("[57.375, 57.12, 58.395]", "[57.375]", "data.val.pipeline.normalize (line 34): [[mean of blue, green, red]")]
    [InlineData("class_names: [cat, dog, bird]", "class_names: {cat: 1}", "class_names (line 28): a list was expected, a mapping was found")]
    [InlineData("[cat, dog, bird]", "[cat, [dog], bird]", "class_names[1] (line 28): a text was expected, a list of 1 was found")]
    [InlineData("norm_cfg: {type: BN}", "norm_cfg: {type: BN, eps: -1}", "model.arch.head.norm_cfg.eps (line 27): 0 to 1 was expected, -1 was found")]
    public void Export_SettingWithoutMeaning_IsRefusedByPathAndLine(string old, string @new, string message) => Refusal.Expect(
        CheckpointErrorCode.InvalidConfig, () => Declare(TinyModel.Config((old, @new))), message);

    [Theory]
    [InlineData("expand: -1")]
    [InlineData("expand: 0")]
    [InlineData("expand: 1e300")]
    [InlineData("expand: 1e-9")]
    public void Export_ExpandWithoutMeaning_IsRefused(string setting) => Refusal.Expect(
        CheckpointErrorCode.InvalidConfig,
        () => Declare(TinyModel.PlusConfig(("use_depthwise: true", $"use_depthwise: true, {setting}"))),
        "model.arch.fpn.expand");

    [Theory]
    [InlineData("    backbone:\n", "      name: CustomCspNet\n", "model.arch.backbone: backbone 'ResNeXt' is not built here", "name: ResNeXt")]
    [InlineData("    fpn:\n", "      name: PAN\n", "model.arch.fpn: neck 'BiFPN' is not built here", "name: BiFPN")]
    [InlineData("    head:\n", "      name: NanoDetHead\n", "model.arch.head: head 'RetinaHead' is not built here", "name: RetinaHead")]
    [InlineData("    backbone:\n", "      name: CustomCspNet\n", "TIMMWrapper takes its network from the Python library timm", "name: TIMMWrapper")]
    public void Export_UnknownPart_IsRefused(string section, string name, string message, string replacement) => Refusal.Expect(
        CheckpointErrorCode.UnsupportedArchitecture, () => Declare(TinyModel.Config((section + name, $"{section}      {replacement}\n"))), message);

    [Fact]
    public void Export_UnknownNormalisation_IsRefused() => Refusal.Expect(
        CheckpointErrorCode.InvalidConfig,
        () => Declare(TinyModel.Config(("norm_cfg: {type: BN}", "norm_cfg: {type: LN}"))),
        "'LN' is no normalisation; known are BN, SyncBN and GN");

    [Theory]
    [InlineData("out_stages: [2, 3]", "out_stages: [2, 3]\n      out_stage: [1]", "model.arch.backbone (line 5): 'out_stage' is no setting here; known are activation, name, net_cfg,")]
    [InlineData("num_outs: 2", "num_outs: 2\n      use_depthwise: true", "model.arch.fpn (line 14): 'use_depthwise' is no setting here; known are activation, ")]
    public void Export_UnknownSetting_IsRefused(string old, string @new, string message) => Refusal.Expect(
        CheckpointErrorCode.InvalidConfig, () => Declare(TinyModel.Config((old, @new))), message);

    [Fact]
    public void Export_InputThatTheCoarsestLevelDoesNotDivide_IsRefusedByTheSetting()
    {
        // Official padding is to multiples of 32; this backbone halves six times.
        var config = TinyModel.Config(
            ("[Conv, 8, 8, 3, 2]", "[Conv, 8, 8, 3, 8]"), ("strides: [8, 16]", "strides: [8, 64]"), ("[64, 64]", "[70, 64]"));

        Refusal.Expect(
            CheckpointErrorCode.InvalidConfig,
            () => Declare(config),
            "data.val.input_size: [70, 64]",
            "padded to 96 x 64",
            "multiples of 64. Set [128, 64].");
    }

    private static NanodetConfig Read(byte[] config)
    {
        var read = NanodetConfigReader.Read(config);
        _ = new DetectorNetwork(read);
        return read;
    }

    private static IEnumerable<(string, string)> Declare(byte[] config) =>
        CheckpointFile.Tensors(config).Select(tensor => (tensor.Name, string.Join('x', tensor.Shape)));
}
