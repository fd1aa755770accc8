using System.Security.Cryptography;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class NanodetModelTests
{
    private static readonly ModelOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };

    [Fact]
    public void Load_ModelThatDescribesItself_GivesItsDescription()
    {
        var bytes = new OnnxTestModel
        {
            Metadata = new Dictionary<string, string?>
            {
                ["nanodet.checkpointSha256"] = new('a', 64),
                ["nanodet.exporter"] = "Nanodet.Serverless 0.1.0",
            },
        }.Build();

        using var model = NanodetModel.Load(bytes, OnCpu);

        var description = model.Description;
        Assert.Equal("test-plus", description.Name);
        Assert.Equal(HeadKind.Plus, description.Head);
        Assert.Equal(["blue", "green", "red"], description.ClassNames);
        Assert.Equal([8, 16, 32, 64], description.Strides);
        Assert.Equal(7, description.RegMax);
        Assert.Equal(new ModelInput(96, 64, KeepRatio: false), description.Input);
        Assert.Equal([255, 255, 255], description.Std);
        Assert.Equal((ColorOrder.Bgr, ScoreActivation.Sigmoid), (description.ColorOrder, description.Activation));
        Assert.Equal(new string('a', 64), description.CheckpointSha256);
        Assert.Null(description.ConfigSha256);
        Assert.Equal("Nanodet.Serverless 0.1.0", description.Exporter);
        Assert.False(description.IsForeign);
        Assert.False(model.IsBatchFixed);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), model.Sha256);
        Assert.Equal(model.Sha256[..12], model.Version);
        Assert.Equal(new ProviderSelection("CPU"), model.Provider);
    }

    [Fact]
    public void Load_MissingFile_IsModelNotFound() =>
        AssertCode(ModelErrorCodes.NotFound, () => NanodetModel.Load(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), OnCpu));

    [Theory]
    [InlineData("")]
    [InlineData("this is no model, but a text that is somewhat longer")]
    public void Load_OtherBytes_AreNotAnOnnxModel(string text) =>
        AssertCode(ModelErrorCodes.NotAnOnnxModel, () => NanodetModel.Load(System.Text.Encoding.UTF8.GetBytes(text), OnCpu));

    [Fact]
    public void Load_TruncatedModel_IsNotAnOnnxModel()
    {
        var bytes = new OnnxTestModel().Build();
        AssertCode(ModelErrorCodes.NotAnOnnxModel, () => NanodetModel.Load(bytes[..(bytes.Length / 2)], OnCpu));
    }

    [Fact]
    public void Load_NoMetadataAndNoConfig_IsMetadataMissing() => AssertCode(
        ModelErrorCodes.MetadataMissing,
        () => NanodetModel.Load(new OnnxTestModel { HasMetadata = false }.Build(), OnCpu));

    [Theory]
    [InlineData("nanodet.head", "yolo", "'plus' or 'legacy'")]
    [InlineData("nanodet.classes", "[\"a\",\"b\"]", "34 columns")]
    [InlineData("nanodet.classes", "person", "a JSON list")]
    [InlineData("nanodet.classes", "[\"a\",null,\"b\"]", "a name for each class")]
    [InlineData("nanodet.strides", "[0]", "strides of 1 to 1024")]
    [InlineData("nanodet.regMax", "7.5", "a whole number")]
    [InlineData("nanodet.regMax", "8", "39 columns")]
    [InlineData("nanodet.inputWidth", "320", "320x64 pixels")]
    [InlineData("nanodet.inputWidth", null, "'nanodet.inputWidth'")]
    [InlineData("nanodet.keepRatio", "maybe", "'false' or 'true'")]
    [InlineData("nanodet.std", "[1,0,1]", "above 0")]
    [InlineData("nanodet.mean", "[1,2]", "3 finite means")]
    public void Load_MetadataThatContradicts_NamesWhatWasExpected(string key, string? value, string expected)
    {
        var bytes = new OnnxTestModel { Metadata = new Dictionary<string, string?> { [key] = value } }.Build();

        var exception = AssertCode(ModelErrorCodes.ContractViolated, () => NanodetModel.Load(bytes, OnCpu));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OtherTensorNames_ViolateTheContract()
    {
        AssertCode(ModelErrorCodes.ContractViolated, () => NanodetModel.Load(new OnnxTestModel { InputName = "images" }.Build(), OnCpu));
        AssertCode(ModelErrorCodes.ContractViolated, () => NanodetModel.Load(new OnnxTestModel { OutputName = "boxes" }.Build(), OnCpu));
        AssertCode(ModelErrorCodes.ContractViolated, () => NanodetModel.Load(new OnnxTestModel { FixedBatch = 4 }.Build(), OnCpu));
    }

    [Fact]
    public void Load_TracedShapeWithoutRoomForTheInput_ViolatesTheContract()
    {
        var swapped = new OnnxTestModel
        {
            KeepRatio = true,
            Traced = true,
            Metadata = new Dictionary<string, string?> { ["nanodet.inputWidth"] = "64", ["nanodet.inputHeight"] = "96" },
        };

        AssertCode(ModelErrorCodes.ContractViolated, () => NanodetModel.Load(swapped.Build(), OnCpu));
    }

    [Theory]
    [InlineData("90", "40", 96, 64)]
    [InlineData("96", "33", null, 64)]
    [InlineData("65", "64", 96, null)]
    public void Load_StretchedModelWhoseInputIsPadded_KeepsBothSizes(string width, string height, int? tracedWidth, int? tracedHeight)
    {
        var bytes = new OnnxTestModel
        {
            Metadata = new Dictionary<string, string?> { ["nanodet.inputWidth"] = width, ["nanodet.inputHeight"] = height },
        }.Build();

        using var model = NanodetModel.Load(bytes, OnCpu);

        Assert.Equal((width, height), ($"{model.Description.Input.Width}", $"{model.Description.Input.Height}"));
        Assert.Equal((tracedWidth, tracedHeight), (model.Description.Input.TracedWidth, model.Description.Input.TracedHeight));
        Assert.Equal((64, 96), ModelInput.ShapeOf(model.Description.Input));
    }

    [Theory]
    [InlineData("64", "64")]
    [InlineData("97", "64")]
    [InlineData("96", "32")]
    public void Load_StretchedModelOfAnotherSize_ViolatesTheContract(string width, string height) => AssertCode(
        ModelErrorCodes.ContractViolated,
        () => NanodetModel.Load(
            new OnnxTestModel
            {
                Metadata = new Dictionary<string, string?> { ["nanodet.inputWidth"] = width, ["nanodet.inputHeight"] = height },
            }.Build(),
            OnCpu));

    [Fact]
    public void Load_OptionOutOfRange_IsRefused() => Assert.Throws<System.ComponentModel.DataAnnotations.ValidationException>(
        () => NanodetModel.Load(new OnnxTestModel().Build(), new ModelOptions { IntraOpThreads = -1 }));

    [Fact]
    public void Run_FromManyThreads_GivesTheSameOutput()
    {
        using var model = NanodetModel.Load(new OnnxTestModel().Build(), OnCpu);
        var tensor = ParityInput.Create(1, 64, 96, model.Description);
        var outputs = new float[16][];

        Parallel.For(0, outputs.Length, i =>
        {
            using var input = model.Rent(1, 64, 96);
            tensor.CopyTo(input.Image(0));
            using var output = model.Run(input, 1);
            outputs[i] = output.Image(0).ToArray();
        });

        Assert.All(outputs, output => Assert.Equal(outputs[0], output));
    }

    [Fact]
    public void Dispose_WhileAnOutputIsInUse_LetsTheOutputLive()
    {
        var model = NanodetModel.Load(new OnnxTestModel().Build(), OnCpu);
        using var input = model.Rent(1, 64, 96);
        ParityInput.Create(1, 64, 96, model.Description).CopyTo(input.Image(0));
        using (var output = model.Run(input, 1))
        {
            var before = output.All.ToArray();
            model.Dispose();
            model.Dispose();
            Assert.Equal(before, output.All.ToArray());
        }

        Assert.Throws<ObjectDisposedException>(() => model.Run(input, 1));
        Assert.Throws<ObjectDisposedException>(() => model.Rent(1, 64, 96));
        Assert.False(model.IsGone);
        input.Dispose();
        Assert.True(model.IsGone);
    }

    private static ModelLoadException AssertCode(string code, Func<NanodetModel> load)
    {
        var exception = Assert.Throws<ModelLoadException>(() => load().Dispose());
        Assert.True(code == exception.Code, exception.Message);
        return exception;
    }
}
