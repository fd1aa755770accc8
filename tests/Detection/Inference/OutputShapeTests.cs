using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

/// <summary>A graph whose output has another shape than its description promises, where memory was bound for the promised one.</summary>
public sealed class OutputShapeTests
{
    [Fact]
    public void Load_BoundOutputOfAnotherShape_IsTheModelsFault()
    {
        var exception = Assert.Throws<ModelLoadException>(() => NanodetModel.Load(
            new OnnxTestModel { Width = 96, Height = 64 }.Build(),
            new ModelOptions { Provider = ExecutionProvider.Cpu },
            () => null,
            (session, description) => throw RunInto(session, description)));

        Assert.True(exception.Code == ModelErrorCodes.ContractViolated, exception.Message);
        Assert.Contains("output", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AnotherFaultOfTheFirstRun_IsTheProviders()
    {
        var exception = Assert.Throws<ModelLoadException>(() => NanodetModel.Load(
            new OnnxTestModel().Build(),
            new ModelOptions { Provider = ExecutionProvider.Cpu },
            () => null,
            (_, _) => throw BoundModel.Fault("Non-zero status code returned while running Concat node.")));

        Assert.Equal(ModelErrorCodes.ProviderUnavailable, exception.Code);
    }

    /// <summary>What ONNX Runtime says when it is to write into memory of one point more than the graph gives.</summary>
    private static OnnxRuntimeException RunInto(InferenceSession session, ModelDescription description)
    {
        var points = description.PointCount(64, 96) + 1;
        using var input = OrtValue.CreateTensorValueFromMemory(new float[3 * 64 * 96], [1, 3, 64, 96]);
        using var output = OrtValue.CreateTensorValueFromMemory(new float[points * description.Columns], [1, points, description.Columns]);
        using var options = new RunOptions();
        return Assert.Throws<OnnxRuntimeException>(() => session.Run(options, ["data"], [input], ["output"], [output]));
    }
}
