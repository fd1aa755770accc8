using Google.Protobuf;
using Nanodet.Checkpoints.Graph;
using Onnx;

namespace Nanodet.Checkpoints.Quantization;

/// <summary>
/// Turns an exported model into one that computes in 8 bits: unsigned activations with a scale for each tensor, signed symmetric weights
/// with a scale for each output channel. Input and output stay float32, and so do the last convolutions, whose outputs are the
/// detections. The ranges of the activations have to be measured on images by a program that runs the model; Nanodet.Detection does so.
/// </summary>
public static class StaticQuantization
{
    /// <summary>The value of the metadata entry <see cref="HalfPrecision.MetadataKey"/>.</summary>
    public const string MetadataValue = "int8";

    /// <summary>Gives the model with every activation as an output that <see cref="Convert"/> has to know about.</summary>
    /// <param name="model">An ONNX file that this project exported, in float32.</param>
    /// <exception cref="CheckpointException">The bytes are no ONNX model, or one of lower precision.</exception>
    public static ObservedModel Observe(ReadOnlySpan<byte> model)
    {
        var parsed = Parse(model);
        var plan = QuantizationPlan.Create(parsed.Graph);
        var known = parsed.Graph.Input.Concat(parsed.Graph.Output).Select(value => value.Name).ToHashSet(StringComparer.Ordinal);
        var names = plan.Observed.Select(tensor => tensor.Name).Union(plan.ConvolutionInputs, StringComparer.Ordinal);
        parsed.Graph.Output.AddRange(names.Where(name => !known.Contains(name)).Select(name => new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } },
        }));
        return new ObservedModel(parsed.ToByteArray(), plan.Observed, plan.ConvolutionInputs);
    }

    /// <summary>
    /// Gives a float32 model that computes the same with other weights: the channels of its activations reach equally far, so that the one
    /// scale of a tensor fits them all.
    /// </summary>
    /// <param name="model">An ONNX file that this project exported, in float32.</param>
    /// <param name="reaches">By observed activation how far each of its channels reaches from 0.</param>
    /// <exception cref="CheckpointException">The bytes are no ONNX model, or one of lower precision.</exception>
    public static byte[] Equalize(ReadOnlySpan<byte> model, IReadOnlyDictionary<string, float[]> reaches)
    {
        ArgumentNullException.ThrowIfNull(reaches);
        var parsed = Parse(model);
        ChannelEqualizer.Equalize(parsed.Graph, reaches);
        return parsed.ToByteArray();
    }

    /// <summary>Converts a model.</summary>
    /// <param name="model">The same file that was observed.</param>
    /// <param name="ranges">The range of each observed activation, by name.</param>
    /// <param name="means">
    /// By name the mean of each channel of the activations that convolutions read. Rounded weights move the mean of what they make; it is
    /// moved back in the biases. Where an activation or the bias is missing, nothing is corrected.
    /// </param>
    /// <returns>The converted file.</returns>
    /// <exception cref="CheckpointException">
    /// The bytes are no ONNX model or one of lower precision, or a range is missing or no range, or means are of another number of
    /// channels.
    /// </exception>
    public static byte[] Convert(
        ReadOnlySpan<byte> model, IReadOnlyDictionary<string, ValueRange> ranges, IReadOnlyDictionary<string, float[]> means)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        ArgumentNullException.ThrowIfNull(means);
        var parsed = Parse(model);
        var plan = QuantizationPlan.Create(parsed.Graph);
        foreach (var name in plan.Observed.Select(tensor => tensor.Name))
        {
            if (!ranges.TryGetValue(name, out var range))
            {
                throw new CheckpointException(
                    CheckpointErrorCode.IncompleteCalibration,
                    $"{name}: the range of its values was expected, none was found.");
            }

            if (!float.IsFinite(range.Minimum) || !float.IsFinite(range.Maximum) || range.Minimum > range.Maximum)
            {
                throw new CheckpointException(
                    CheckpointErrorCode.IncompleteCalibration,
                    $"{name}: a finite range was expected, {range.Minimum} to {range.Maximum} was found.");
            }
        }

        parsed.Graph = new QuantizedGraphWriter(parsed.Graph, plan, plan.Parameters(ranges), means).Write();
        OnnxMetadata.Set(parsed, HalfPrecision.MetadataKey, MetadataValue);
        return parsed.ToByteArray();
    }

    private static ModelProto Parse(ReadOnlySpan<byte> model)
    {
        var parsed = OnnxMetadata.Parse(model);
        if (parsed.MetadataProps.Any(entry => entry.Key == HalfPrecision.MetadataKey))
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsupportedForm, "The model has a precision already; a float32 model was expected.");
        }

        MonotoneSwap.Apply(parsed.Graph);
        return parsed;
    }
}
