using System.Text;
using Nanodet.Serverless.Checkpoints.Architectures;
using Nanodet.Serverless.Checkpoints.Architectures.Backbones;
using Nanodet.Serverless.Checkpoints.Architectures.Heads;
using Nanodet.Serverless.Checkpoints.Architectures.Modules;
using Nanodet.Serverless.Checkpoints.Architectures.Necks;
using Nanodet.Serverless.Checkpoints.Configs;
using Nanodet.Serverless.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Configs;

public class NanodetConfigReaderTests
{
    [Fact]
    public void Read_CompleteConfig_GivesItsSettings()
    {
        var config = NanodetConfigReader.Read(TinyModel.Config(("keep_ratio: false", "keep_ratio: True"), ("[64, 64]", "[96, 64]")));

        Assert.Equal("OneStageDetector", config.Detector);
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

    [Fact]
    public void Read_PretrainFalse_IsNoNote() => Assert.Empty(
        NanodetConfigReader.Read(TinyModel.Config(("out_stages: [2, 3]", "out_stages: [2, 3]\n      pretrain: false"))).Notes);

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

    [Fact]
    public void Read_NotUtf8_IsRefused()
    {
        var latin1 = Encoding.Latin1.GetBytes(TinyModel.Yaml.Replace("bird", "Vögel", StringComparison.Ordinal));

        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(latin1), "no UTF-8 text");
        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.Unicode.GetPreamble()), "no UTF-8 text");
    }

    [Theory]
    [InlineData("", "a YAML mapping with the key 'model' was expected")]
    [InlineData("just a text", "a YAML mapping with the key 'model' was expected")]
    [InlineData("[1, 2]", "a YAML mapping with the key 'model' was expected")]
    [InlineData("a: 1", "'model' is missing")]
    [InlineData("model: 1", "model (line 1): a mapping was expected, '1' was found")]
    [InlineData("model: ~", "'model' is missing")]
    [InlineData("model: {arch: {name: NanoDetPlus}}", "'model.arch.backbone' is missing")]
    [InlineData("model: {arch:\n {name: [NanoDetPlus]}}", "model.arch.name (line 2): a text was expected, a list of 1 was found")]
    [InlineData("model: {\nmodel", "no valid YAML, line 1: what is there does not end")]
    [InlineData("a: *nowhere", "no valid YAML, line 1")]
    [InlineData("model: 1\nmodel: 2", "no valid YAML, line 2")]
    [InlineData("a:\n\t- b", "no valid YAML, line 1")]
    [InlineData("<html><body>404: not found</body></html>", "'model' is missing")]
    [InlineData("? [a, b]\n: c", "at line 1 is no text")]
    [InlineData("? {a: b}\n: c", "at line 1 is no text")]
    [InlineData("a: &x [1]\n? *x\n: c", "at line 2 is no text")]
    [InlineData("a: &x {b: 1}\nc:\n  <<: *x", "merge key << at line 3")]
    public void Read_NoConfig_IsRefused(string yaml, string message) =>
        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), message);

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Read_DeepNesting_IsRefused(string open, string close)
    {
        const int Depth = 100_000;
        var yaml = "a: " + string.Concat(Enumerable.Repeat(open, Depth)) + string.Concat(Enumerable.Repeat(close, Depth));

        Refusal.ExpectWithin(32 << 20, CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), "nests deeper than 32 levels at line 1");
    }

    [Fact]
    public void Read_DeepNestingByIndentation_IsRefused()
    {
        var yaml = string.Join('\n', Enumerable.Range(0, 100).Select(depth => new string(' ', depth) + "a:"));

        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), "nests deeper than 32 levels at line 33");
    }

    [Fact]
    public void Read_AliasBomb_IsRefused()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 12; level++)
        {
            yaml.Append($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 9))}]\n");
        }

        Refusal.ExpectWithin(
            4 << 20, CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml.ToString())), "alias *a3 at line 5", "more than 32");
    }

    [Theory]
    [InlineData("a: &a [*a]", "alias *a at line 1 contains itself")]
    [InlineData("a: &a {b: {c: *a}}", "alias *a at line 1 contains itself")]
    public void Read_AliasOfItself_IsRefused(string yaml, string message) =>
        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), message);

    [Fact]
    public void Read_AliasOfClassNames_IsRead()
    {
        var config = NanodetConfigReader.Read(TinyModel.Config(
            ("class_names: [cat, dog, bird]", "class_names: &names [cat, dog, bird]"), ("  val:", "  train: {class_names: *names}\n  val:")));

        Assert.Equal(["cat", "dog", "bird"], config.Classes);
    }

    [Fact]
    public void Read_TooLong_IsRefused()
    {
        var yaml = new byte[(1 << 20) + 1];
        Array.Fill(yaml, (byte)'#');

        Refusal.Expect(CheckpointErrorCode.TooLarge, () => NanodetConfigReader.Read(yaml), "1048577 characters");
    }

    [Theory]
    [InlineData("[100, 64]", "data.val.input_size: [100, 64]")]
    [InlineData("[64, 50]", "data.val.input_size: [64, 50]")]
    public void Export_StretchedInputThatTheLevelsDoNotDivide_IsRefusedByTheSetting(string size, string message) => Refusal.Expect(
        CheckpointErrorCode.InvalidConfig, () => Declare(TinyModel.Config(("[64, 64]", size))), message, "multiples of 16");

    [Fact]
    public void Export_InputSizeOfAPlusModelNotAMultipleOf32_IsRefusedByTheSetting()
    {
        var model = Procedural.ProceduralModel.All.Single(model => model.Name == "syn-plus-tiny");
        var config = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(model.ReadConfig()).Replace("[160, 160]", "[400, 160]", StringComparison.Ordinal));

        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => Declare(config), "data.val.input_size: [400, 160]", "multiples of 32");
    }

    [Theory]
    [InlineData("[Conv, 8, 8, 3, 2]", "[Conv, 8, 65536, 101, 2]")]
    [InlineData("[Conv, 8, 8, 3, 2]", "[Conv, 8, 65536, 65535, 2]")]
    [InlineData("feat_channels: 6\n      stacked_convs: 1\n", "feat_channels: 65536\n      stacked_convs: 64\n      conv_type: Conv\n")]
    [InlineData("[CspBlock, 4, 1, 3, 2]", "[CspBlock, 4, 65536, 3, 2]")]
    public void Export_HugeNetwork_IsRefusedBeforeItIsAllocated(string old, string @new)
    {
        var config = TinyModel.Config((old, @new));
        var checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.Config()));

        Refusal.ExpectWithin(64 << 20, CheckpointErrorCode.TooLarge, () => ModelExporter.Export(checkpoint, config, "tiny"), "at most");
    }

    [Fact]
    public void Inspect_AnyCharacterOfTheConfigChanged_IsReadOrRefused()
    {
        var checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.PlusConfig()));
        var sound = TinyModel.PlusConfig();
        var refused = 0;
        for (var position = 0; position < sound.Length; position++)
        {
            foreach (var character in "0-9[]{}:,&*? \n#'x"u8)
            {
                var changed = sound.ToArray();
                changed[position] = character;
                try
                {
                    CheckpointInspector.Inspect(checkpoint, changed);
                }
                catch (CheckpointException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, sound.Length, (sound.Length * 17) - 1);
    }

    private static ConfigNode Node(string yaml) => ConfigNode.Parse($"node:\n  {yaml}\n").Required("node");

    private static NanodetConfig Read(byte[] config)
    {
        var read = NanodetConfigReader.Read(config);
        _ = new DetectorNetwork(read);
        return read;
    }

    private static IEnumerable<(string, string)> Declare(byte[] config) =>
        CheckpointFile.Tensors(config).Select(tensor => (tensor.Name, string.Join('x', tensor.Shape)));
}
