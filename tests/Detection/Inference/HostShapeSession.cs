using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

/// <summary>Runs of one shape and size on the CPU, padded as on a GPU: what is left over of the run before lies in the padding.</summary>
internal sealed class HostShapeSession(byte[] model, RunTensorShape shape) : IShapeSession
{
    private readonly InferenceSession _session = SessionFactory.CreatePlain(model);
    private readonly float[] _input = new float[shape.InputBytes / sizeof(float)];
    private readonly Lock _gate = new();

    public bool IsGraph => false;

    public string? Note => "no GPU";

    public void Run(ReadOnlySpan<float> images, Span<float> output)
    {
        lock (_gate)
        {
            images.CopyTo(_input);
            using var input = OrtValue.CreateTensorValueFromMemory(_input, shape.Input);
            using var run = new RunOptions();
            using var values = _session.Run(run, ["data"], [input], ["output"]);
            Assert.Equal(shape.Output, values[0].GetTensorTypeAndShape().Shape);
            values[0].GetTensorDataAsSpan<float>()[..output.Length].CopyTo(output);
        }
    }

    public double Measure(TimeSpan atLeast) => 1 + (shape.Size / 8.0);

    public void Dispose() => _session.Dispose();
}
