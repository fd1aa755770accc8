using System.Globalization;
using System.Text.Json;

namespace Nanodet.Detection.Description;

/// <summary>Reads a <see cref="ModelDescription"/> from the <c>nanodet.*</c> entries of an ONNX file's metadata.</summary>
internal sealed class ModelMetadataReader(IReadOnlyDictionary<string, string> metadata)
{
    private const string Prefix = "nanodet.";

    /// <summary>True when the file describes itself at all.</summary>
    internal static bool Describes(IReadOnlyDictionary<string, string> metadata) => metadata.ContainsKey(Prefix + "head");

    internal ModelDescription Read() => new ModelDescription
    {
        Name = Required("name"),
        Head = Choice("head", ("plus", HeadKind.Plus), ("legacy", HeadKind.Legacy), ("raw", HeadKind.Raw)),
        ClassNames = List("classes", ModelMetadataJson.Default.StringArray),
        Strides = List("strides", ModelMetadataJson.Default.Int32Array),
        RegMax = Integer("regMax"),
        Input = new ModelInput(
            Integer("inputWidth"),
            Integer("inputHeight"),
            Choice("keepRatio", ("false", false), ("true", true))),
        Mean = List("mean", ModelMetadataJson.Default.DoubleArray),
        Std = List("std", ModelMetadataJson.Default.DoubleArray),
        ColorOrder = Choice("colorOrder", ("BGR", ColorOrder.Bgr), ("RGB", ColorOrder.Rgb)),
        Activation = Choice("activation", ("sigmoid", ScoreActivation.Sigmoid), ("none", ScoreActivation.None)),
        Precision = Optional("precision") is null
            ? ParityPrecision.Full
            : Choice("precision", ("fp32", ParityPrecision.Full), ("fp16", ParityPrecision.Half), ("int8", ParityPrecision.Int8)),
        CheckpointSha256 = Optional("checkpointSha256"),
        ConfigSha256 = Optional("configSha256"),
        Exporter = Optional("exporter"),
        Parity = Optional("parity"),
    }.Validate("model metadata");

    private string? Optional(string key) => metadata.GetValueOrDefault(Prefix + key);

    private string Required(string key) => Optional(key) is { Length: > 0 } value
        ? value
        : throw ModelLoadException.Contract($"model metadata: expected an entry '{Prefix}{key}', found none.");

    private int Integer(string key) =>
        int.TryParse(Required(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Unexpected(key, "a whole number");

    private T Choice<T>(string key, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        var text = Required(key);
        foreach (var choice in choices)
        {
            if (text == choice.Text)
            {
                return choice.Value;
            }
        }

        throw Unexpected(key, string.Join(" or ", choices.ToArray().Select(choice => $"'{choice.Text}'")));
    }

    private T[] List<T>(string key, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T[]> type)
    {
        try
        {
            return JsonSerializer.Deserialize(Required(key), type) is { } list
                ? list
                : throw Unexpected(key, "a JSON list");
        }
        catch (JsonException)
        {
            throw Unexpected(key, "a JSON list");
        }
    }

    private ModelLoadException Unexpected(string key, string expected)
    {
        var found = Required(key);
        return ModelLoadException.Contract(
            $"model metadata, entry '{Prefix}{key}': expected {expected}, found '{(found.Length <= 80 ? found : found[..80] + "...")}'.");
    }
}
