using Nanodet.Configs;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Conversion;

/// <summary>
/// What a training config itself asks for: its section <c>conversion</c>, which NanoDet does not know and ignores.
/// <code>
/// conversion:
///   precision: int8
///   calibration: images/calibration/
/// </code>
/// or, for a version with several forms,
/// <code>
/// conversion:
///   forms: [cpu-fp32, cpu-int8, gpu-fp32, gpu-fp16]
///   calibration: images/calibration/
/// </code>
/// </summary>
/// <param name="Precision">What the model computes in; null where the config does not say.</param>
/// <param name="Calibration">
/// Where the photos for calibration lie, in the words of whoever keeps them; null where the config does not say.
/// </param>
public sealed record ConversionRequest(ModelPrecision? Precision, string? Calibration)
{
    /// <summary>The forms of the model; empty where the config does not say.</summary>
    public IReadOnlyList<ModelForm> Forms { get; init; } = [];

    /// <summary>Reads the section.</summary>
    /// <param name="config">The config, UTF-8 YAML.</param>
    /// <exception cref="ConversionException"><see cref="ConversionErrorCodes.InvalidConfig"/>.</exception>
    public static ConversionRequest Read(ReadOnlySpan<byte> config)
    {
        if (NanodetConfigReader.ReadRoot(config).Optional("conversion") is not { } section)
        {
            return new ConversionRequest(null, null);
        }

        ModelPrecision? precision = section.Optional("precision") is not { } asked
            ? null
            : asked.AsText().ToUpperInvariant() switch
            {
                "FP32" => ModelPrecision.Fp32,
                "FP16" => ModelPrecision.Fp16,
                "INT8" => ModelPrecision.Int8,
                var other => throw asked.Invalid($"fp32, fp16 or int8 was expected, '{other.ToLowerInvariant()}' was found"),
            };
        var forms = section.Optional("forms");
        if (forms is not null && precision is not null)
        {
            throw forms.Invalid("either 'precision' or 'forms' was expected, both were found");
        }

        var request = new ConversionRequest(precision, section.Optional("calibration")?.AsText())
        {
            Forms = forms is null ? [] : [.. forms.Items().Select(FormOf)],
        };
        section.RefuseOthers();
        return request;
    }

    private static ModelForm FormOf(ConfigNode node) => FormNames.Find(node.AsText())
        ?? throw node.Invalid($"{string.Join(", ", FormNames.All)} were expected, '{node.AsText()}' was found");
}
