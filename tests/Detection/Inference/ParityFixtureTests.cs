using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class ParityFixtureTests
{
    private static readonly ModelOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };

    [Fact]
    public void Create_SplitMix64_GivesTheDocumentedPixels()
    {
        // The first outputs of splitmix64 from seed 0: e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f.
        using var model = NanodetModel.Load(new OnnxTestModel { Std = [1, 1, 1] }.Build(), OnCpu);

        Assert.Equal([0xE2, 0x6E, 0x06], ParityInput.Create(0, 64, 96, model.Description).Take(3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compute_ThenVerify_Passes(bool keepRatio)
    {
        var onnx = new OnnxTestModel { KeepRatio = keepRatio, Gain = 1.5f, Bias = -1 };
        var json = ParityFixture.Compute(onnx.Build());

        var result = Verify(onnx, json);

        Assert.True(result.Passed, result.Problem);
        Assert.True(result.HasFixture);
        Assert.InRange(result.LargestDifference, 0, 1e-5f);
        Assert.Equal((0, Values(json).Length), (result.Disagreements, result.ValuesCompared));
    }

    [Fact]
    public void Compute_Fixture_SaysWhatItHolds()
    {
        var json = JsonNode.Parse(ParityFixture.Compute(new OnnxTestModel().Build()))!;

        // 96 + 24 + 6 + 2 points of 35 columns: 4480 values, every second one.
        Assert.Equal(1, (int)json["version"]!);
        Assert.Equal("splitmix64-u8", (string?)json["generator"]);
        Assert.Equal(1311768467463790320UL, (ulong)json["seed"]!);
        Assert.Equal("[1,3,64,96]", json["shape"]!.ToJsonString());
        Assert.Equal((0, 2), ((int)json["offset"]!, (int)json["step"]!));
        Assert.Equal(2240 * 4, Convert.FromBase64String((string)json["values"]!).Length);
        Assert.Equal("1.31.0", (string?)json["onnxRuntime"]);
        Assert.Equal(Values(json.ToJsonString()).Average(value => (double)Math.Abs(value)), (double)json["absMean"]!, 1e-9);
    }

    [Theory]
    [InlineData(4480, 35, 2)]
    [InlineData(4480, 36, 5)]
    [InlineData(3598 * 112, 112, 99)]
    [InlineData(100, 36, 1)]
    public void Step_AnyOutput_IsCoprimeToTheColumns(int length, int columns, int expected)
    {
        Assert.Equal(expected, ParityFixture.Step(length, columns));
        Assert.True(length / ParityFixture.Step(length, columns) <= 4096);
    }

    [Fact]
    public void Verify_OtherWeights_FailsAndSaysByHowMuch()
    {
        var json = ParityFixture.Compute(new OnnxTestModel().Build());

        var result = Verify(new OnnxTestModel { Bias = -9.5f }, json);

        Assert.False(result.Passed);
        Assert.True(result.Disagreements > 0);
        Assert.InRange(result.LargestDifference, 0.05f, 0.2f);
        Assert.Equal(ModelErrorCodes.ParityFailed, Assert.Throws<ModelLoadException>(result.EnsurePassed).Code);
    }

    [Fact]
    public void Verify_HalfPrecision_AllowsMore()
    {
        var json = ParityFixture.Compute(new OnnxTestModel().Build());
        var nearly = new OnnxTestModel { Bias = -9.95f, Peak = 30.1f };

        Assert.False(Verify(nearly, json).Passed);
        Assert.True(Verify(nearly, json, ParityPrecision.Half).Passed);
    }

    [Fact]
    public void Verify_EightBits_JudgesTheValuesTogether()
    {
        var json = ParityFixture.Compute(new OnnxTestModel().Build());
        var far = Verify(new OnnxTestModel { Bias = -9.7f, Peak = 30.6f }, json, ParityPrecision.Int8);
        Assert.True(far.Passed);
        Assert.Equal(0, far.Disagreements);
        Assert.False(Verify(new OnnxTestModel { Bias = -9.7f, Peak = 30.6f }, json, ParityPrecision.Half).Passed);

        var other = Verify(new OnnxTestModel { Bin = 3, Peak = 60 }, json, ParityPrecision.Int8);
        Assert.False(other.Passed);
        Assert.Contains("on average", other.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_MissedSigmoid_Fails()
    {
        var missed = new OnnxTestModel { HasSigmoid = false, Metadata = new Dictionary<string, string?> { ["nanodet.activation"] = "sigmoid" } };
        using var model = NanodetModel.Load(missed.Build(), OnCpu);

        Assert.Contains("missed the sigmoid", ParityFixture.Verify(model).Problem, StringComparison.Ordinal);
        Assert.Equal(ModelErrorCodes.ParityFailed, Assert.Throws<ModelLoadException>(() => ParityFixture.Compute(missed.Build())).Code);
    }

    [Fact]
    public void Compute_Logits_AreAllowedWhereTheMetadataSaysSo()
    {
        var logits = new OnnxTestModel { HasSigmoid = false };

        Assert.True(Verify(logits, ParityFixture.Compute(logits.Build())).Passed);
    }

    [Theory]
    [InlineData("version", "2")]
    [InlineData("generator", "\"random\"")]
    [InlineData("shape", "[1,3,64,4000000]")]
    [InlineData("shape", "[1,3,96,64]")]
    [InlineData("shape", "null")]
    [InlineData("step", "0")]
    [InlineData("offset", "-1")]
    [InlineData("offset", "4000")]
    [InlineData("values", "\"\"")]
    [InlineData("values", "\"AAA=\"")]
    [InlineData("values", "\"?\"")]
    public void Verify_MalformedFixture_ViolatesTheContract(string key, string value)
    {
        var json = JsonNode.Parse(ParityFixture.Compute(new OnnxTestModel().Build()))!;
        json[key] = JsonNode.Parse(value);

        var exception = Assert.Throws<ModelLoadException>(() => Verify(new OnnxTestModel(), json.ToJsonString()));

        Assert.Equal(ModelErrorCodes.ContractViolated, exception.Code);
    }

    [Fact]
    public void Compute_NoMetadata_IsRefused() => Assert.Equal(
        ModelErrorCodes.MetadataMissing,
        Assert.Throws<ModelLoadException>(() => ParityFixture.Compute(new OnnxTestModel { HasMetadata = false }.Build())).Code);

    private static ParityResult Verify(OnnxTestModel onnx, string fixture, ParityPrecision precision = ParityPrecision.Full)
    {
        var bytes = (onnx with { Metadata = new Dictionary<string, string?> { ["nanodet.parity"] = fixture } }).Build();
        using var model = NanodetModel.Load(bytes, OnCpu);
        return ParityFixture.Verify(model, precision);
    }

    private static float[] Values(string json) => Convert.FromBase64String((string)JsonNode.Parse(json)!["values"]!)
        .Chunk(4)
        .Select(bytes => BinaryPrimitives.ReadSingleLittleEndian(bytes))
        .ToArray();
}
