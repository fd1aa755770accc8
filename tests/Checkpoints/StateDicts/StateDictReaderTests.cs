using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Checkpoints.Torch;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.Checkpoints.Tests.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.StateDicts;

public class StateDictReaderTests
{
    [Fact]
    public void Read_Wrapped_GivesItsTensors()
    {
        var stateDict = Read(("backbone.a", 1f), ("fpn.b", 2f), ("head.c", 3f));

        Assert.Equal(new CheckpointForm(Averaged: false, Prefix: "", Trainer: false, Bare: false), stateDict.Form);
        AssertTensors(stateDict, ("backbone.a", 1f), ("fpn.b", 2f), ("head.c", 3f));
    }

    [Fact]
    public void Read_Bare_GivesItsTensors()
    {
        var pickle = new PickleBuilder().OrderedDict().Op("(");
        Add(pickle, "backbone.a", 0);
        Add(pickle, "head.c", 1);

        var stateDict = StateDictReader.Read(ArchiveBuilder.Torch(pickle.Op("u.").ToArray(), Little.Endian(1f), Little.Endian(3f)));

        Assert.Equal(new CheckpointForm(Averaged: false, Prefix: "", Trainer: false, Bare: true), stateDict.Form);
        AssertTensors(stateDict, ("backbone.a", 1f), ("head.c", 3f));
    }

    [Theory]
    [InlineData("model.", "model.")]
    [InlineData("module.", "module.")]
    [InlineData("module.model.", "module.model.")]
    [InlineData("model.module.", "model.module.")]
    public void Read_Prefixed_TakesThePrefixOff(string prefix, string expected)
    {
        var stateDict = Read((prefix + "backbone.a", 1f), (prefix + "fpn.b", 2f), (prefix + "head.c", 3f));

        Assert.Equal(new CheckpointForm(Averaged: false, expected, Trainer: false, Bare: false), stateDict.Form);
        AssertTensors(stateDict, ("backbone.a", 1f), ("fpn.b", 2f), ("head.c", 3f));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_LiveAndAveragedWeights_TakesTheAveragedOnes(bool averagedFirst)
    {
        (string, float)[] live = [("model.backbone.a", 1f), ("model.head.c", 3f)];
        (string, float)[] averaged = [("avg_model.backbone.a", 10f), ("avg_model.head.c", 30f)];

        var stateDict = Read(averagedFirst ? [.. averaged, .. live] : [.. live, .. averaged]);

        Assert.Equal(new CheckpointForm(Averaged: true, "avg_model.", Trainer: false, Bare: false), stateDict.Form);
        AssertTensors(stateDict, ("backbone.a", 10f), ("head.c", 30f));
    }

    [Fact]
    public void Read_AveragedWeightsOfAWrappedModel_TakesBothPrefixesOff()
    {
        var stateDict = Read(("model.backbone.a", 1f), ("avg_model.module.backbone.a", 10f));

        Assert.Equal((true, "avg_model.module."), (stateDict.Form.Averaged, stateDict.Form.Prefix));
        AssertTensors(stateDict, ("backbone.a", 10f));
    }

    [Theory]
    [InlineData("_orig_mod.", "")]
    [InlineData("model._orig_mod.", "model.")]
    [InlineData("_orig_mod.model.", "model.")]
    [InlineData("module._orig_mod.", "module.")]
    [InlineData("_orig_mod.module.", "module.")]
    [InlineData("_orig_mod._orig_mod.", "")]
    public void Read_CompiledNetwork_TakesThePrefixOff(string prefix, string expected)
    {
        var stateDict = Read((prefix + "backbone.a", 1f), (prefix + "fpn._orig_mod.b", 2f), (prefix + "head.c._orig_mod.d", 3f));

        Assert.Equal(new CheckpointForm(Averaged: false, expected, Trainer: false, Bare: false), stateDict.Form);
        AssertTensors(stateDict, ("backbone.a", 1f), ("fpn.b", 2f), ("head.c.d", 3f));
    }

    [Theory]
    [InlineData("_orig_mod.model.backbone.a", "_orig_mod.avg_model.backbone.a", "avg_model.")]
    [InlineData("model._orig_mod.backbone.a", "avg_model._orig_mod.backbone.a", "avg_model.")]
    [InlineData("module.model.backbone.a", "module.avg_model.backbone.a", "module.avg_model.")]
    public void Read_AveragedWeightsOfACompiledOrWrappedTask_AreTaken(string live, string averaged, string prefix)
    {
        var stateDict = Read((live, 1f), (averaged, 10f));

        Assert.Equal((true, prefix), (stateDict.Form.Averaged, stateDict.Form.Prefix));
        AssertTensors(stateDict, ("backbone.a", 10f));
    }

    [Fact]
    public void Read_TensorWithAndWithoutTheCompiledPrefix_IsRefused() => Refusal.Expect(
        CheckpointErrorCode.Malformed, () => Read(("_orig_mod.backbone.a", 1f), ("backbone.a", 2f)), "'backbone.a'", "_orig_mod.");

    [Fact]
    public void Read_TrainersCheckpoint_IgnoresWhatIsBesideTheStateDict()
    {
        var pickle = new PickleBuilder().Op("}(").Text("epoch").Integer(7).Text("optimizer").Op("}").Text("state").Op("}").Integer(0);
        pickle.Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op("ss").Text("state_dict").OrderedDict().Op("(");
        Add(pickle, "model.backbone.a", 1);

        var stateDict = StateDictReader.Read(ArchiveBuilder.Torch(pickle.Op("uu.").ToArray(), Little.Endian(5f), Little.Endian(1f)));

        Assert.Equal(new CheckpointForm(Averaged: false, "model.", Trainer: true, Bare: false), stateDict.Form);
        AssertTensors(stateDict, ("backbone.a", 1f));
    }

    [Theory]
    [InlineData("model.fc.weight", "model.fc.bias")]
    [InlineData("conv1.0.weight", "fc.weight")]
    public void Read_NoDetector_IsRefused(string first, string second)
    {
        var file = Write((first, 1f), (second, 2f));

        Refusal.Expect(
            CheckpointErrorCode.NotADetector, () => StateDictReader.Read(file), "2 tensors", "none of backbone.*, fpn.* or head.*", "an ImageNet backbone, not a detector");
    }

    [Theory]
    [InlineData("conv1.0.weight")] // ShuffleNetV2 of torchvision
    [InlineData("conv1.weight")] // ResNet of torchvision
    [InlineData("features.0.0.weight")] // MobileNetV2 of torchvision
    [InlineData("conv_stem.weight")] // EfficientNet and GhostNet of timm
    [InlineData("classifier.weight")]
    public void Read_BareBackboneOfImageNet_IsRefusedAsSuch(string name)
    {
        var pickle = new PickleBuilder().OrderedDict().Op("(");
        Add(pickle, name, 0);
        Add(pickle, "bn1.weight", 0);
        var file = ArchiveBuilder.Torch(pickle.Op("u.").ToArray(), Little.Endian(1f));

        Refusal.Expect(CheckpointErrorCode.NotADetector, () => StateDictReader.Read(file), name, "ImageNet backbone", "nanodet_model_best.pth");
        Refusal.Expect(CheckpointErrorCode.NotADetector, () => ModelExporter.Export(file, TinyModel.Config(), "tiny"), "ImageNet backbone");
    }

    [Fact]
    public void Read_OtherNetwork_IsRefused()
    {
        var file = Write(("encoder.weight", 1f));

        Refusal.Expect(CheckpointErrorCode.NotADetector, () => StateDictReader.Read(file), "encoder.weight", "not a NanoDet detector");
    }

    [Theory]
    [InlineData("}.", "no dictionary 'state_dict'; its keys are: .")]
    [InlineData("}X\u0005\0\0\0epochK\u0001s.", "its keys are: epoch.")]
    [InlineData("}X\u000a\0\0\0state_dictNs.", "its keys are: state_dict.")]
    [InlineData("}X\u000a\0\0\0state_dict]s.", "its keys are: state_dict.")]
    [InlineData("}X\u000a\0\0\0state_dict}s.", "no tensor in state_dict (0 entries)")]
    [InlineData("].", "a list of 0; a dictionary")]
    [InlineData("N.", "holds nothing; a dictionary")]
    [InlineData("K\u0001.", "a value of kind Int32; a dictionary")]
    public void Read_NoStateDict_IsRefused(string opcodes, string word)
    {
        var file = ArchiveBuilder.Torch(new PickleBuilder().Op(opcodes).ToArray());

        Refusal.Expect(CheckpointErrorCode.NoStateDict, () => StateDictReader.Read(file), word);
    }

    [Fact]
    public void Read_OneTensor_IsRefused()
    {
        var file = ArchiveBuilder.Torch(PickleBuilder.Root("FloatStorage", 6, 0, [2, 3], [3, 1]), Little.Endian(1, 2, 3, 4, 5, 6));

        Refusal.Expect(CheckpointErrorCode.NoStateDict, () => StateDictReader.Read(file), "one tensor of shape [2, 3]");
    }

    [Fact]
    public void Export_TensorsOfTrainingOnly_AreIgnoredAndCounted()
    {
        var config = TinyModel.Config();
        var tensors = CheckpointFile.Tensors(config);
        var plain = ModelExporter.Export(CheckpointFile.Write(tensors), config, "tiny");

        var exported = ModelExporter.Export(
            CheckpointFile.Write(
            [
                .. tensors,
                CheckpointFile.Procedural("aux_fpn.reduce_layers.0.conv.weight", 2, 2, 1, 1),
                CheckpointFile.Procedural("aux_head.gfl_cls.weight", 2, 2, 1, 1),
                TorchTensorData.Int64("backbone.stages.0.bn.num_batches_tracked", 12),
                TorchTensorData.Float32("head.distribution_project.project", [4], [0, 1, 2, 3]),
            ]),
            config,
            "tiny");

        Assert.Equal((0, 4), (plain.IgnoredTensors, exported.IgnoredTensors));
        Assert.Equal(plain.Tensors, exported.Tensors);
        Assert.Equal(plain.Parameters, exported.Parameters);
        Assert.Empty(exported.Notes);
        Assert.Equal(OnnxOf(plain), OnnxOf(exported));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Export_UnusedRegressionBranchOfASharedHead_MayBeThereOrNot(bool there)
    {
        var config = TinyModel.Config();
        var tensors = CheckpointFile.Tensors(config);
        var plain = ModelExporter.Export(CheckpointFile.Write(tensors), config, "tiny");
        List<TorchTensorData> unused = there
            ? [CheckpointFile.Procedural("head.gfl_reg.0.weight", 16, 6, 1, 1), CheckpointFile.Procedural("head.gfl_reg.0.bias", 16), CheckpointFile.Procedural("head.gfl_reg.1.weight", 16, 6, 1, 1)]
            : [];

        var exported = ModelExporter.Export(CheckpointFile.Write([.. tensors, .. unused]), config, "tiny");

        Assert.Equal(unused.Count, exported.IgnoredTensors);
        Assert.Equal(OnnxOf(plain), OnnxOf(exported));
    }

    [Fact]
    public void Export_RegressionBranchOfASeparateHead_IsNeeded()
    {
        var config = TinyModel.Config(("share_cls_reg: true", "share_cls_reg: false"));
        var tensors = CheckpointFile.Tensors(config);
        Assert.Contains(tensors, tensor => tensor.Name == "head.gfl_reg.1.bias");

        var file = CheckpointFile.Write([.. tensors.Where(tensor => tensor.Name != "head.gfl_reg.1.bias")]);

        Refusal.Expect(CheckpointErrorCode.Incomplete, () => ModelExporter.Export(file, config, "tiny"), "Missing (1): head.gfl_reg.1.bias.");
    }

    [Fact]
    public void Export_ForeignTensors_AreReported()
    {
        var config = TinyModel.Config();
        var file = CheckpointFile.Write(
            [.. CheckpointFile.Tensors(config), CheckpointFile.Procedural("teacher.weight", 2), CheckpointFile.Procedural("logit_scale")]);

        var exported = ModelExporter.Export(file, config, "tiny");

        Assert.Equal(["2 tensors outside backbone, fpn, head and the auxiliary branch were left out: logit_scale, teacher.weight."], exported.Notes);
        Assert.Equal(2, exported.IgnoredTensors);
    }

    [Theory]
    [InlineData(TorchDType.Float64)]
    [InlineData(TorchDType.Float16)]
    [InlineData(TorchDType.BFloat16)]
    public void Export_OtherPrecision_GivesTheModelOfItsRoundedValues(TorchDType type)
    {
        var config = TinyModel.Config();
        var converted = CheckpointFile.Tensors(config).ConvertAll(tensor => Conversion.To(type, tensor));
        var rounded = converted.ConvertAll(tensor => TorchTensorData.Float32(tensor.Name, tensor.Shape, Conversion.Values(tensor)));

        var exported = ModelExporter.Export(CheckpointFile.Write(converted), config, "tiny");

        Assert.Equal(OnnxOf(ModelExporter.Export(CheckpointFile.Write(rounded), config, "tiny")), OnnxOf(exported));
    }

    /// <summary>The model without the one entry that differs by file.</summary>
    private static byte[] OnnxOf(ExportedModel model) => OnnxMetadata.With(model.Onnx, "nanodet.checkpointSha256", "");

    private static StateDict Read(params (string Name, float Value)[] tensors) => StateDictReader.Read(Write(tensors));

    private static byte[] Write(params (string Name, float Value)[] tensors) =>
        CheckpointFile.Write([.. tensors.Select(tensor => TorchTensorData.Float32(tensor.Name, [1], [tensor.Value]))]);

    private static void Add(PickleBuilder pickle, string name, int key) =>
        pickle.Text(name).Tensor("FloatStorage", key.ToString(), 1, 0, [1], [1]);

    private static void AssertTensors(StateDict stateDict, params (string Name, float Value)[] expected) =>
        Assert.Equal(expected.Order(), stateDict.Tensors.Select(pair => (pair.Key, Assert.Single(pair.Value.ToFloat32()))).Order());
}
