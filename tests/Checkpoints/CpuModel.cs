using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Serverless.Checkpoints.Tests;

/// <summary>A model on ONNX Runtime's CPU provider.</summary>
internal sealed class CpuModel : IDisposable
{
    private readonly InferenceSession _session;

    public CpuModel(byte[] onnx)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };

        // As the product sets it: without it 8-bit products overflow on x64 CPUs that have no VNNI.
        options.AddSessionConfigEntry("session.x64quantprecision", "1");
        _session = new InferenceSession(onnx, options);
    }

    public InferenceSession Session => _session;

    /// <summary>Runs the model on one tensor.</summary>
    /// <returns>Shape and elements of the output, row-major.</returns>
    public (long[] Shape, float[] Values) Run(float[] input, params long[] shape)
    {
        using var tensor = OrtValue.CreateTensorValueFromMemory(input, shape);
        using var run = new RunOptions();
        using var outputs = _session.Run(run, ["data"], [tensor], ["output"]);
        return (outputs[0].GetTensorTypeAndShape().Shape, outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }

    public void Dispose() => _session.Dispose();
}
