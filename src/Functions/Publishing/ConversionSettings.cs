using System.ComponentModel.DataAnnotations;
using Nanodet.Serverless.Conversion;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>
/// What a checkpoint is converted to, where its config does not say (section <c>conversion</c>, see <see cref="ConversionRequest"/>).
/// Section <c>Nanodet:Publish</c>.
/// </summary>
public sealed record ConversionSettings
{
    /// <summary>The configuration section.</summary>
    public const string Section = PublishOptions.Section;

    /// <summary>What models compute in.</summary>
    /// <value>Fp32, Fp16 or Int8; default Fp32. Int8 needs <see cref="Calibration"/>.</value>
    [EnumDataType(typeof(ModelPrecision))]
    public ModelPrecision Precision { get; init; }

    /// <summary>Where photos for calibration lie, as <c>CONTAINER/PREFIX</c>, such as <c>images/calibration/</c>.</summary>
    /// <value>Default null: none.</value>
    public string? Calibration { get; init; }

    /// <summary>The most photos that are taken from there, in the order of their names.</summary>
    /// <value>1 to 1000; default 100.</value>
    [Range(1, 1000)]
    public int CalibrationImages { get; init; } = 100;
}
