using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Description;

public sealed class ForeignModelTests : IDisposable
{
    private static readonly ModelOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-");

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Config(string head = "NanoDetPlusHead", string extra = "strides: [8, 16, 32, 64]\n      reg_max: 7", bool keepRatio = false) => $$"""
        model:
          arch:
            backbone: { name: ShuffleNetV2, pretrain: true }
            head:
              name: {{head}}
              num_classes: 3
              {{extra}}
        data:
          val:
            input_size: [96, 64]  # width, height
            keep_ratio: {{(keepRatio ? "True" : "False")}}
            pipeline:
              normalize: [[103.53, 116.28, 123.675], [57.375, 57.12, 58.395]]
        class_names: ['blue', 'green', 'red']
        """;

    [Theory]
    [InlineData(".yml")]
    [InlineData(".yaml")]
    public void Load_ConfigBesideTheModel_DescribesIt(string ending)
    {
        var path = Write("foreign.onnx", new OnnxTestModel { HasMetadata = false, FixedBatch = 1 }.Build());
        File.WriteAllText(Path.ChangeExtension(path, ending), Config());

        using var model = NanodetModel.Load(path, OnCpu);

        var description = model.Description;
        Assert.True(description.IsForeign);
        Assert.True(model.IsBatchFixed);
        Assert.Equal(("foreign", HeadKind.Plus, 7), (description.Name, description.Head, description.RegMax));
        Assert.Equal([8, 16, 32, 64], description.Strides);
        Assert.Equal(new ModelInput(96, 64, KeepRatio: false), description.Input);
        Assert.Equal([103.53, 116.28, 123.675], description.Mean);
        Assert.Equal([57.375, 57.12, 58.395], description.Std);
        var parity = ParityFixture.Verify(model);
        Assert.True(parity.Passed);
        Assert.False(parity.HasFixture);
    }

    [Fact]
    public void Load_TracedKeepRatioModel_KeepsItsShape()
    {
        var path = Write("traced.onnx", new OnnxTestModel { HasMetadata = false, FixedBatch = 1, KeepRatio = true, Traced = true }.Build());
        var config = Path.Combine(_folder.FullName, "elsewhere.yml");
        File.WriteAllText(config, Config(keepRatio: true));

        using var model = NanodetModel.Load(path, OnCpu with { ConfigPath = config });

        Assert.Equal(new ModelInput(96, 64, KeepRatio: true) { TracedWidth = 96, TracedHeight = 64 }, model.Description.Input);
    }

    [Theory]
    [InlineData("NanoDetPlusHead", HeadKind.Plus, 7)]
    [InlineData("NanoDetHead", HeadKind.Legacy, 16)]
    [InlineData("GFLHead", HeadKind.Legacy, 16)]
    public void Read_HeadWithoutStridesAndRegMax_TakesTheOfficialDefaults(string head, HeadKind kind, int regMax)
    {
        var description = ForeignModelConfig.Read(Config(head, ""), "x", "x.yml");

        Assert.Equal((kind, regMax), (description.Head, description.RegMax));
        Assert.Equal([8, 16, 32], description.Strides);
    }

    [Theory]
    [InlineData(2, new[] { "blue", "green" })]
    [InlineData(4, new[] { "blue", "green", "red", "class3" })]
    public void Read_OtherNumberOfNames_TakesThemAsAnExportDoes(int classes, string[] names)
    {
        var yaml = Config().Replace("num_classes: 3", $"num_classes: {classes}", StringComparison.Ordinal);

        Assert.Equal(names, ForeignModelConfig.Read(yaml, "x", "x.yml").ClassNames);
    }

    [Theory]
    [InlineData("SimpleConvHead", "SimpleConvHead", "model.arch.head.name")]
    [InlineData("input_size: [96, 64]", "input_size: [96]", "data.val.input_size")]
    [InlineData("input_size: [96, 64]", "input_size: [96.5, 64]", "data.val.input_size")]
    [InlineData("keep_ratio: False", "keep_ratio: perhaps", "data.val.keep_ratio")]
    [InlineData("normalize:", "normalise:", "data.val.pipeline.normalize")]
    [InlineData("class_names: [", "class_names: [[", "line")]
    public void Read_ConfigThatContradicts_NamesThePlace(string from, string to, string place)
    {
        var yaml = Config(from == "SimpleConvHead" ? from : "NanoDetPlusHead").Replace(from, to, StringComparison.Ordinal);

        var exception = Assert.Throws<ModelLoadException>(() => ForeignModelConfig.Read(yaml, "x", "x.yml"));

        Assert.Equal(ModelErrorCodes.ContractViolated, exception.Code);
        Assert.Contains("x.yml", exception.Message, StringComparison.Ordinal);
        Assert.Contains(place, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", 100_000)]
    [InlineData("{a: ", 100_000)]
    [InlineData("- ", 10_000)]
    public void Read_DeepNesting_IsRefused(string opening, int times)
    {
        var yaml = string.Concat(Enumerable.Repeat(opening, times));

        var exception = Assert.Throws<ModelLoadException>(() => ForeignModelConfig.Read(yaml, "x", "x.yml"));

        Assert.Contains("nests deeper", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ConfigPathWithoutFile_IsMetadataMissing()
    {
        var path = Write("foreign.onnx", new OnnxTestModel { HasMetadata = false }.Build());

        var exception = Assert.Throws<ModelLoadException>(
            () => NanodetModel.Load(path, OnCpu with { ConfigPath = Path.Combine(_folder.FullName, "none.yml") }));

        Assert.Equal(ModelErrorCodes.MetadataMissing, exception.Code);
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
