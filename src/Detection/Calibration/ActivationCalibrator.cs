using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Detection.Calibration;

/// <summary>
/// Runs a float32 model whose outputs are its activations on images, one by one, and chooses the range of each activation for a conversion
/// to 8 bits. Memory does not grow with the number of images. Not thread-safe.
/// </summary>
public sealed class ActivationCalibrator : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly ModelDescription _description;
    private readonly Preprocessor _preprocessor;
    private readonly ImageLimits _limits;
    private readonly Dictionary<string, float> _slopes;
    private readonly Dictionary<string, ActivationHistogram> _histograms;
    private readonly Dictionary<string, double[]> _reaches = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double[]> _means = new(StringComparer.Ordinal);
    private readonly HashSet<string> _meansOf;
    private readonly string[] _outputs;

    /// <summary>Loads a model.</summary>
    /// <param name="model">An ONNX file with <c>nanodet.*</c> metadata whose outputs are activations.</param>
    /// <param name="negativeSlopes">
    /// The names of the activations whose ranges are wanted, which may include the input's, each with the factor by which errors of its
    /// negative values count; 1 for all but the input of a leaky rectifier.
    /// </param>
    /// <param name="meansOf">The names of the maps whose means by channel are wanted: the input, or outputs of the model.</param>
    /// <param name="limits">Limits on images; null for the defaults.</param>
    /// <exception cref="ModelLoadException">The model cannot be run, or has no <c>nanodet.*</c> metadata.</exception>
    public ActivationCalibrator(
        byte[] model, IReadOnlyDictionary<string, float> negativeSlopes, IEnumerable<string>? meansOf = null, ImageLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(negativeSlopes);
        _limits = limits ?? new ImageLimits();
        _slopes = new Dictionary<string, float>(negativeSlopes, StringComparer.Ordinal);
        _histograms = _slopes.Keys.ToDictionary(name => name, _ => new ActivationHistogram(), StringComparer.Ordinal);
        _meansOf = [.. meansOf ?? []];
        _outputs = [.. _slopes.Keys.Union(_meansOf).Where(name => name != ModelSignature.InputName).Order(StringComparer.Ordinal)];
        _session = SessionFactory.CreatePlain(model);
        try
        {
            _description = ModelSignature.ValidateInput(_session, new ModelMetadataReader(_session.ModelMetadata.CustomMetadataMap).Read());
            _preprocessor = new Preprocessor(_description);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Images that were run.</summary>
    public int Images { get; private set; }

    /// <summary>Runs the model on an image.</summary>
    /// <param name="encoded">The bytes of one image file.</param>
    /// <exception cref="ImageException">The image cannot be used; nothing was counted.</exception>
    /// <exception cref="ModelLoadException">An activation is no finite number.</exception>
    public void Add(ReadOnlyMemory<byte> encoded)
    {
        using var image = ImageDecoder.Decode(encoded.Span, _limits);
        var geometry = InputGeometry.Create(image.Width, image.Height, _description.Input);
        using var tensor = new PooledTensor(1, geometry.TensorHeight, geometry.TensorWidth);
        _preprocessor.Write(image, geometry, tensor.Image(0));
        using var input = tensor.AsOrtValue(1);
        using var outputs = _session.Run(_run, [ModelSignature.InputName], [input], _outputs);
        if (_histograms.TryGetValue(ModelSignature.InputName, out var histogram))
        {
            Count(ModelSignature.InputName, histogram, tensor.Image(0));
        }

        if (_meansOf.Contains(ModelSignature.InputName))
        {
            AddMeans(ModelSignature.InputName, 3, tensor.Image(0));
        }

        for (var i = 0; i < _outputs.Length; i++)
        {
            var values = outputs[i].GetTensorDataAsSpan<float>();
            if (_histograms.TryGetValue(_outputs[i], out histogram))
            {
                Count(_outputs[i], histogram, values);
            }

            if (outputs[i].GetTensorTypeAndShape().Shape is [_, var channels, _, _])
            {
                AddReaches(_outputs[i], (int)channels, values);
                if (_meansOf.Contains(_outputs[i]))
                {
                    AddMeans(_outputs[i], (int)channels, values);
                }
            }
        }

        Images++;
    }

    /// <summary>The range of each activation.</summary>
    /// <exception cref="InvalidOperationException">No image was run.</exception>
    public IReadOnlyDictionary<string, ActivationRange> ChooseRanges() => Images > 0
        ? _histograms.ToDictionary(pair => pair.Key, pair => RangeSelector.Choose(pair.Value, _slopes[pair.Key]), StringComparer.Ordinal)
        : throw new InvalidOperationException("Ranges can be chosen after at least one image was run.");

    /// <summary>
    /// How far each channel of the activations that are maps reaches from 0: the mean over the images of its largest magnitude, where
    /// negative values count as much as their errors do.
    /// </summary>
    /// <exception cref="InvalidOperationException">No image was run.</exception>
    public IReadOnlyDictionary<string, float[]> ChannelReaches() => Images > 0
        ? Mean(_reaches)
        : throw new InvalidOperationException("Channels have a reach after at least one image was run.");

    /// <summary>The mean of each channel of the maps that were asked for, over all places; every image counts the same.</summary>
    /// <exception cref="InvalidOperationException">No image was run.</exception>
    public IReadOnlyDictionary<string, float[]> ChannelMeans() => Images > 0
        ? Mean(_means)
        : throw new InvalidOperationException("Channels have a mean after at least one image was run.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }

    private void AddReaches(string name, int channels, ReadOnlySpan<float> values)
    {
        if (!_slopes.TryGetValue(name, out var slope))
        {
            return;
        }

        var (sums, plane) = (SumsOf(_reaches, name, channels), values.Length / channels);
        for (var channel = 0; channel < channels; channel++)
        {
            var map = values.Slice(channel * plane, plane);
            sums[channel] += MathF.Max(TensorPrimitives.Max(map), -slope * TensorPrimitives.Min(map));
        }
    }

    private void AddMeans(string name, int channels, ReadOnlySpan<float> values)
    {
        var (sums, plane) = (SumsOf(_means, name, channels), values.Length / channels);
        for (var channel = 0; channel < channels; channel++)
        {
            sums[channel] += TensorPrimitives.Sum(values.Slice(channel * plane, plane)) / plane;
        }
    }

    private Dictionary<string, float[]> Mean(Dictionary<string, double[]> sums) =>
        sums.ToDictionary(pair => pair.Key, pair => Array.ConvertAll(pair.Value, sum => (float)(sum / Images)), StringComparer.Ordinal);

    private static double[] SumsOf(Dictionary<string, double[]> all, string name, int channels)
    {
        if (!all.TryGetValue(name, out var sums))
        {
            all.Add(name, sums = new double[channels]);
        }

        return sums;
    }

    private static void Count(string name, ActivationHistogram histogram, ReadOnlySpan<float> values)
    {
        if (!histogram.TryAdd(values))
        {
            throw new ModelLoadException(
                ModelErrorCodes.ContractViolated, $"{name}: finite activations were expected, NaN or infinity was found.");
        }
    }
}
