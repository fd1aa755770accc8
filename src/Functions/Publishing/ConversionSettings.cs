using System.ComponentModel.DataAnnotations;
using Nanodet.Detection.Forms;
using Nanodet.Serverless.Conversion;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>
/// What a checkpoint is converted to, where its config does not say (section <c>conversion</c>, see <see cref="ConversionRequest"/>).
/// Section <c>Nanodet:Publish</c>.
/// </summary>
public sealed record ConversionSettings : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = PublishOptions.Section;

    /// <summary>What models compute in.</summary>
    /// <value>Fp32, Fp16 or Int8; default Fp32. Int8 needs <see cref="Calibration"/>.</value>
    [EnumDataType(typeof(ModelPrecision))]
    public ModelPrecision Precision { get; init; }

    /// <summary>
    /// Which forms a version gets, by their names (<see cref="FormNames"/>) with commas between them, such as
    /// <c>cpu-fp32,cpu-int8,gpu-fp32,gpu-fp16</c>. Takes the place of <see cref="Precision"/>.
    /// </summary>
    /// <value>Default null: one file in <see cref="Precision"/>. <c>cpu-int8</c> needs <see cref="Calibration"/>.</value>
    public string? Forms { get; init; }

    /// <summary>Where photos for calibration lie, as <c>CONTAINER/PREFIX</c>, such as <c>images/calibration/</c>.</summary>
    /// <value>Default null: none.</value>
    public string? Calibration { get; init; }

    /// <summary>The most photos that are taken from there, in the order of their names.</summary>
    /// <value>1 to 1000; default 100.</value>
    [Range(1, 1000)]
    public int CalibrationImages { get; init; } = 100;

    /// <summary>The forms that are named; empty for one file in <see cref="Precision"/>.</summary>
    internal IReadOnlyList<ModelForm> NamedForms =>
        [.. Names.Select(name => FormNames.Find(name)).OfType<ModelForm>().Distinct()];

    private IEnumerable<string> Names =>
        (Forms ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Names.FirstOrDefault(name => FormNames.Find(name) is null) is { } unknown)
        {
            yield return new ValidationResult(
                $"Nanodet:Publish:Forms: expected names among {string.Join(", ", FormNames.All)}, found '{unknown}'.", [nameof(Forms)]);
        }
    }
}
