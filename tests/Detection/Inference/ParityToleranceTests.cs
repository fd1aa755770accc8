using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class ParityToleranceTests
{
    [Theory]
    [InlineData("CPU", false, 4f, 4e-3f)]
    [InlineData("CUDA", false, 4f, 4e-3f)]
    [InlineData("CUDA", true, 4f, 8e-2f)]
    [InlineData("CUDA", true, 0.2f, 2e-2f)]
    [InlineData("TensorRT", false, 0.01f, 1e-4f)]
    public void For_Float32_FollowsTheScaleAndIsWiderForTf32Only(string provider, bool tf32, float scale, float expected) =>
        Assert.Equal(expected, ParityTolerance.For(ParityPrecision.Full, provider, tf32).Of(scale, isScore: true), 1e-6f);

    [Fact]
    public void For_EveryPrecisionAndProvider_ThereIsOneWithAReason()
    {
        foreach (var precision in Enum.GetValues<ParityPrecision>())
        {
            foreach (var provider in new[] { ProviderSelection.Cpu, ProviderSelection.Cuda, ProviderSelection.TensorRt })
            {
                foreach (var tf32 in new[] { false, true })
                {
                    var tolerance = ParityTolerance.For(precision, provider, tf32);
                    Assert.NotEmpty(tolerance.Reason);
                    Assert.Equal(precision == ParityPrecision.Int8, tolerance.ByMeans);
                }
            }
        }
    }

    [Theory]
    [InlineData(null, false, "0")]
    [InlineData(null, true, "1")]
    [InlineData("fp16", false, "1")]
    public void CudaSettings_Tf32_IsOffForFloat32UnlessItIsAskedFor(string? precision, bool asked, string expected)
    {
        var onnx = new OnnxTestModel { Metadata = new Dictionary<string, string?> { ["nanodet.precision"] = precision } }.Build();
        var builder = new SessionBuilder(ExecutionProvider.Cuda, onnx, string.Empty, new ModelOptions { Tf32 = asked });

        Assert.Equal(expected, builder.CudaSettings("0")["use_tf32"]);
    }

    [Fact]
    public void UsesTf32_OnACpu_IsFalse()
    {
        using var model = NanodetModel.Load(
            new OnnxTestModel().Build(), new ModelOptions { Provider = ExecutionProvider.Cpu, Tf32 = true });

        Assert.False(model.UsesTf32);
    }
}
