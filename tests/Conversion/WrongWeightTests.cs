using System.Runtime.InteropServices;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.Torch;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Checkpoints.Tests;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Conversion.Tests;

/// <summary>What a parity fixture is for: a single wrong weight, wherever it is, must not be served.</summary>
public sealed class WrongWeightTests
{
    // A hundred times what kernels and processors differ by.
    private const float Noticeable = 1e-3f;

    private static readonly byte[] Config = TinyModel.PlusConfig();

    [Fact]
    public void Verify_OneWrongWeightInAnyTensor_FindsIt()
    {
        var tensors = CheckpointFile.Tensors(Config);
        var right = Export(tensors);
        var fixture = ParityFixture.Compute(right);
        Assert.True(Verify(right, fixture).Passed);
        var inModel = 0;
        var missed = new List<string>();
        var found = 0;
        for (var i = 0; i < tensors.Count; i++)
        {
            var wrong = Export([.. tensors[..i], Mutate(tensors[i]), .. tensors[(i + 1)..]]);
            if (wrong.AsSpan().SequenceEqual(right))
            {
                // Nothing of it is in the model.
                continue;
            }

            inModel++;
            var result = Verify(wrong, fixture);
            found += result.Passed ? 0 : 1;
            if (result.Passed && result.LargestDifference > Noticeable)
            {
                missed.Add($"{tensors[i].Name}, by up to {result.LargestDifference}");
            }
        }

        // A weight may have next to no say in what a network of random weights makes of one input: two of them at the most.
        Assert.Empty(missed);
        Assert.InRange(found, inModel - 2, inModel);
        Assert.True(inModel > 50, $"only {inModel} tensors are in the model");
    }

    /// <summary>
    /// Turns the sign of one weight: the largest of a kernel's middle taps, since the outer ones of a small map see its border alone.
    /// </summary>
    private static TorchTensorData Mutate(TorchTensorData tensor)
    {
        var values = MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span).ToArray();
        if (tensor.Name.EndsWith("running_var", StringComparison.Ordinal))
        {
            // It stays positive; the smallest one decides the most.
            values[Array.IndexOf(values, values.Min())] *= 100;
            return TorchTensorData.Float32(tensor.Name, tensor.Shape, values);
        }

        var taps = tensor.Shape.Count == 4 ? tensor.Shape[2] * tensor.Shape[3] : 1;
        var largest = taps / 2;
        for (var i = taps / 2; i < values.Length; i += taps)
        {
            largest = Math.Abs(values[i]) > Math.Abs(values[largest]) ? i : largest;
        }

        values[largest] = -values[largest];
        return TorchTensorData.Float32(tensor.Name, tensor.Shape, values);
    }

    private static byte[] Export(IReadOnlyList<TorchTensorData> tensors) =>
        ModelExporter.Export(CheckpointFile.Write(tensors), Config, "tiny", plain: false).Onnx.ToArray();

    private static ParityResult Verify(byte[] model, string fixture)
    {
        using var loaded = NanodetModel.Load(
            OnnxMetadata.With(model, "nanodet.parity", fixture), new ModelOptions { Provider = ExecutionProvider.Cpu });
        return ParityFixture.Verify(loaded);
    }
}
