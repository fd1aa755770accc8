using Nanodet.Checkpoints.Architectures.Backbones;
using Nanodet.Checkpoints.Architectures.Heads;
using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Checkpoints.Architectures.Necks;
using Nanodet.Checkpoints.Export;
using Nanodet.Configs;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Configs;

public class NanodetConfigReaderTests
{
    [Fact]
    public void Read_CompleteConfig_GivesItsSettings()
    {
        var config = NanodetConfigReader.Read(TinyModel.Config(("keep_ratio: false", "keep_ratio: True"), ("[64, 64]", "[96, 64]")));

        config.RequireDetector();
        Assert.Equal(["cat", "dog", "bird"], config.Classes);
        Assert.Equal((96, 64, true), (config.InputWidth, config.InputHeight, config.KeepRatio));
        Assert.Equal([103.53, 116.28, 123.675], config.Mean);
        Assert.Equal([57.375, 57.12, 58.395], config.Std);
        Assert.Empty(config.Notes);
    }

    [Fact]
    public void Read_ShuffleNetWithoutSettings_TakesTheOfficialDefaults()
    {
        var backbone = Assert.IsType<ShuffleNetV2>(Backbone.Read(Node("name: ShuffleNetV2")));

        Assert.Equal([176, 352, 704], backbone.Channels);
        Assert.Equal([2, 3, 4], backbone.OutStages);
        Assert.Equal((1024, false, Activation.ReLU), (backbone.LastChannels, backbone.WithLastConv, backbone.Activation));
    }

    [Theory]
    [InlineData("0.5x", new[] { 48, 96, 192 }, 1024)]
    [InlineData("1.0x", new[] { 116, 232, 464 }, 1024)]
    [InlineData("1.5x", new[] { 176, 352, 704 }, 1024)]
    [InlineData("2.0x", new[] { 244, 488, 976 }, 2048)]
    public void Read_ShuffleNetSize_SetsItsChannels(string size, int[] channels, int last)
    {
        var backbone = Assert.IsType<ShuffleNetV2>(Backbone.Read(Node($"{{name: ShuffleNetV2, model_size: {size}}}")));

        Assert.Equal(channels, backbone.Channels);
        Assert.Equal(last, backbone.LastChannels);
    }

    [Fact]
    public void Read_CspNetWithoutSettings_TakesTheOfficialDefaults()
    {
        var backbone = Assert.IsType<CustomCspNet>(Backbone.Read(Node("{name: CustomCspNet, net_cfg: [[Conv, 3, 4, 3, 2]], out_stages: [0]}")));

        Assert.Equal((new Normalization(1e-5), Activation.LeakyReLU), (backbone.Norm, backbone.Activation));
    }

    [Fact]
    public void Read_PanWithoutSettings_TakesTheOfficialDefaults()
    {
        var neck = Assert.IsType<PathAggregationNetwork>(Neck.Read(Node("{name: PAN, in_channels: [4, 8, 16], out_channels: 6, num_outs: 3}")));

        Assert.Equal((0, 3, null, Activation.None, 6), (neck.Pyramid.FirstLevel, neck.Pyramid.EndLevel, neck.Pyramid.Norm, neck.Pyramid.Activation, neck.OutChannels));
    }

    [Fact]
    public void Read_GhostPanWithoutSettings_TakesTheOfficialDefaults()
    {
        var neck = Assert.IsType<GhostPan>(Neck.Read(Node("{name: GhostPAN, in_channels: [4, 8], out_channels: 6}")));

        Assert.Equal((false, 5, 1.0, 1, false), (neck.UseDepthwise, neck.Kernel, neck.Expand, neck.Blocks, neck.UseResidual));
        Assert.Equal((0, true, new Normalization(1e-5), Activation.LeakyReLU), (neck.ExtraLevels, neck.Bilinear, neck.Norm, neck.Activation));
    }

    [Fact]
    public void Read_LegacyHeadWithoutSettings_TakesTheOfficialDefaults()
    {
        var head = Assert.IsType<NanodetHead>(Head.Read(Node("{name: NanoDetHead, num_classes: 3, input_channel: 6}")));

        Assert.Equal((false, HeadKind.Legacy, 16, 256, 2), (head.Shared, head.Kind, head.RegMax, head.FeatureChannels, head.StackedConvolutions));
        Assert.Equal((true, new Normalization(1e-5), Activation.LeakyReLU), (head.Depthwise, head.Norm, head.Activation));
        Assert.Equal([8, 16, 32], head.Strides);
    }

    [Fact]
    public void Read_PlusHeadWithoutSettings_TakesTheOfficialDefaults()
    {
        var head = Assert.IsType<NanodetPlusHead>(Head.Read(Node("{name: NanoDetPlusHead, num_classes: 3, input_channel: 6}")));

        Assert.Equal((5, HeadKind.Plus, 7, 96, 2), (head.Kernel, head.Kind, head.RegMax, head.FeatureChannels, head.StackedConvolutions));
        Assert.Equal((true, new Normalization(1e-5), Activation.LeakyReLU), (head.Depthwise, head.Norm, head.Activation));
        Assert.Equal([8, 16, 32], head.Strides);
    }

    [Theory]
    [InlineData("ReLU", Activation.ReLU)]
    [InlineData("LeakyReLU", Activation.LeakyReLU)]
    [InlineData("ReLU6", Activation.ReLU6)]
    [InlineData("SELU", Activation.Selu)]
    [InlineData("ELU", Activation.Elu)]
    [InlineData("GELU", Activation.Gelu)]
    [InlineData("PReLU", Activation.PReLU)]
    [InlineData("SiLU", Activation.SiLU)]
    [InlineData("HardSwish", Activation.HardSwish)]
    [InlineData("Hardswish", Activation.HardSwish)]
    [InlineData("null", Activation.None)]
    [InlineData("None", Activation.None)]
    [InlineData("'None'", Activation.None)]
    [InlineData("\"'SiLU'\"", Activation.SiLU)]
    [InlineData("~", Activation.None)]
    [InlineData("", Activation.None)]
    public void Activation_Name_IsThatFunction(string name, object expected) =>
        Assert.Equal((Activation)expected, Node($"activation: {name}").Activation("activation", Activation.Elu));

    [Fact]
    public void Activation_Every_HasAName() => Assert.Equal(
        Enum.GetValues<Activation>(),
        typeof(NanodetConfigReaderTests).GetMethod(nameof(Activation_Name_IsThatFunction))!.GetCustomAttributesData()
            .Where(data => data.AttributeType == typeof(InlineDataAttribute))
            .Select(data => (Activation)((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)data.ConstructorArguments[0].Value!)[1].Value!)
            .Distinct().Order());

    [Theory]
    [InlineData("pretrain: true")]
    [InlineData("pretrain: True")]
    [InlineData("pretrain: yes")]
    [InlineData("pretrained: true")]
    public void Export_Pretrain_IsNotedAndIgnored(string setting)
    {
        // Only ShuffleNetV2 has the setting in the official code; the reader notes it for every backbone that is built from the same key.
        var config = TinyModel.Config(("out_stages: [2, 3]", $"out_stages: [2, 3]\n      {setting}"));
        var plain = TinyModel.Config();

        var exported = ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(plain)), config, "tiny");

        var key = setting.Split(':')[0];
        Assert.Equal([$"model.arch.backbone.{key}: true is ignored; every weight comes from the checkpoint, nothing is downloaded."], exported.Notes);
        Assert.Equal(Declare(plain), Declare(config));
    }

    [Theory]
    [InlineData("imagenet", "'imagenet'")]
    [InlineData("/data/shufflenet.pth", "'/data/shufflenet.pth'")]
    [InlineData("[a, b]", "a list of 2")]
    [InlineData("{url: x}", "a mapping")]
    [InlineData("1", "'1'")]
    public void Read_PretrainOfAnyOtherValue_IsNotedAndIgnored(string value, string found) => Assert.Equal(
        [$"model.arch.backbone.pretrain: {found} is ignored; every weight comes from the checkpoint, nothing is downloaded."],
        NanodetConfigReader.Read(TinyModel.Config(("out_stages: [2, 3]", $"out_stages: [2, 3]\n      pretrain: {value}"))).Notes);

    [Theory]
    [InlineData("false")]
    [InlineData("'False'")]
    [InlineData("None")]
    [InlineData("~")]
    public void Read_PretrainFalse_IsNoNote(string value) => Assert.Empty(
        NanodetConfigReader.Read(TinyModel.Config(("out_stages: [2, 3]", $"out_stages: [2, 3]\n      pretrain: {value}"))).Notes);

    [Theory]
    [InlineData("[64, 64]", "(96, 64)")]
    [InlineData("[64, 64]", "'(96, 64)'")]
    [InlineData("[64, 64]", "(96, 64,)")]
    [InlineData("[64, 64]", "96, 64")]
    [InlineData("[64, 64]", "'[96, 64]'")]
    [InlineData("[64, 64]", "['96', \"64\"]")]
    [InlineData("[64, 64]", "( (96) , 64 )")]
    [InlineData("keep_ratio: false\n    pipeline", "keep_ratio: 'False'\n    pipeline")]
    [InlineData("strides: [8, 16]", "strides: (8, 16)")]
    [InlineData("out_stages: [2, 3]", "out_stages: (2, 3)")]
    [InlineData("num_classes: 3", "num_classes: '3'")]
    [InlineData("num_classes: 3", "num_classes: (3)")]
    [InlineData("norm_cfg: {type: BN}", "norm_cfg: \"{'type': 'BN', 'requires_grad': True}\"")]
    [InlineData("[[103.53, 116.28, 123.675], [57.375, 57.12, 58.395]]", "((103.53, 116.28, 123.675), (57.375, 57.12, 58.395))")]
    [InlineData("[cat, dog, bird]", "('cat', \"dog\", 'bird')")]
    [InlineData("name: OneStageDetector", "name: \"'OneStageDetector'\"")]
    public void Read_LiteralOfPython_IsWhatItSpells(string old, string @new)
    {
        var plain = TinyModel.Config(("[64, 64]", "[96, 64]"));
        var config = TinyModel.Config(old == "[64, 64]" ? [(old, @new)] : [("[64, 64]", "[96, 64]"), (old, @new)]);

        var (expected, actual) = (NanodetConfigReader.Read(plain), NanodetConfigReader.Read(config));

        Assert.Equal((expected.InputWidth, expected.InputHeight, expected.KeepRatio), (actual.InputWidth, actual.InputHeight, actual.KeepRatio));
        Assert.Equal(expected.Classes, actual.Classes);
        Assert.Equal(expected.Mean, actual.Mean);
        Assert.Equal(expected.Std, actual.Std);
        Assert.Equal(Declare(plain), Declare(config));
    }

    [Theory]
    [InlineData("(96, 64")]
    [InlineData("(96; 64)")]
    [InlineData("tuple(96, 64)")]
    [InlineData("(96, 64) + (1,)")]
    [InlineData("(__import__('os'), 64)")]
    [InlineData("(,)")]
    public void Read_WhatIsNoLiteral_IsTheTextThatItIs(string text)
    {
        var refusal = Refusal.Expect(
            Nanodet.Checkpoints.CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(TinyModel.Config(("[64, 64]", $"\"{text}\""))));

        Assert.Contains($"a list was expected, '{text}' was found", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ClassNamesThatLookLikeLiterals_AreTheNamesThatTheyAre() => Assert.Equal(
        ["None", "(a, b)", "True"], NanodetConfigReader.Read(TinyModel.Config(("[cat, dog, bird]", "['None', '(a, b)', 'True']"))).Classes);

    [Fact]
    public void Read_WrongItemOfATuple_NamesPathAndLine() => Assert.Contains(
        "data.val.input_size[1] (line ",
        Refusal.Expect(
            Nanodet.Checkpoints.CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(TinyModel.Config(("[64, 64]", "\"(64, 'x')\"")))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Read_DeepLiteral_IsTheTextThatItIs() => Refusal.Expect(
        Nanodet.Checkpoints.CheckpointErrorCode.InvalidConfig,
        () => NanodetConfigReader.Read(TinyModel.Config(("[64, 64]", $"'{new string('(', 100_000)}'"))),
        "a list was expected");

    [Theory]
    [InlineData("[cat]", new[] { "cat", "class1", "class2" }, "class_names has 1 names and model.arch.head.num_classes is 3: the others are called class1 to class2.")]
    [InlineData("[]", new[] { "class0", "class1", "class2" }, "class_names has 0 names and model.arch.head.num_classes is 3: the others are called class0 to class2.")]
    [InlineData("~", new[] { "class0", "class1", "class2" }, "class_names has 0 names and model.arch.head.num_classes is 3: the others are called class0 to class2.")]
    [InlineData("[a, b, c, d]", new[] { "a", "b", "c" }, "class_names has 4 names and model.arch.head.num_classes is 3: the surplus names are dropped.")]
    public void Read_ClassNamesOfAnotherCount_AreNoted(string names, string[] expected, string note)
    {
        var config = NanodetConfigReader.Read(TinyModel.Config(("[cat, dog, bird]", names)));

        Assert.Equal(expected, config.Classes);
        Assert.Equal([note], config.Notes);
    }

    [Fact]
    public void Read_ByteOrderMark_IsSkipped() =>
        Assert.Equal(64, NanodetConfigReader.Read([0xEF, 0xBB, 0xBF, .. TinyModel.Config()]).InputWidth);

    [Fact]
    public void Read_NamesInOtherScripts_AreKept() =>
        Assert.Equal(["猫", "chien 🐕", "Vögel"], NanodetConfigReader.Read(TinyModel.Config(("[cat, dog, bird]", "[猫, 'chien 🐕', Vögel]"))).Classes);

    private static ConfigNode Node(string yaml) => ConfigNode.Parse($"node:\n  {yaml}\n").Required("node");

    private static IEnumerable<(string, string)> Declare(byte[] config) =>
        CheckpointFile.Tensors(config).Select(tensor => (tensor.Name, string.Join('x', tensor.Shape)));
}
