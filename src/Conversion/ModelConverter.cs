using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Conversion;

/// <summary>
/// The one way from a checkpoint to a model that may be served: exported, given the parity fixture of its plain float32 graph, converted
/// to the precision that was asked for, and verified as it will be served. Nanodet.Checkpoints and Nanodet.Detection do not know each
/// other; they meet here.
/// </summary>
public static class ModelConverter
{
    private const string ComparisonKey = "nanodet.calibration";

    /// <summary>Converts a checkpoint.</summary>
    /// <param name="checkpoint">The whole checkpoint file.</param>
    /// <param name="config">The whole training config, UTF-8 YAML.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the conversion between two photos.</param>
    /// <exception cref="CheckpointException">The checkpoint is not complete, or the inputs do not make a model.</exception>
    /// <exception cref="ModelLoadException">The model does not compute what its checkpoint does, or detects nothing.</exception>
    /// <exception cref="ConversionException">Photos are missing, or none can be used.</exception>
    /// <exception cref="Detection.Natives.EnvironmentException">This machine lacks what running a model needs.</exception>
    public static async Task<ConvertedModel> ConvertAsync(
        byte[] checkpoint, byte[] config, ConversionOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        if (options is { Precision: ModelPrecision.Int8, Calibration: null })
        {
            throw new ConversionException(
                ConversionErrorCodes.CalibrationMissing,
                "Expected photos to calibrate an int8 model on, found none. "
                + "Name a place with some dozens of photos like those that the model will see.");
        }

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var exported = ModelExporter.Export(checkpoint, config, options.Name, options.Plain);
        var exportTime = clock.GetElapsedTime(started);

        started = clock.GetTimestamp();
        exported = exported.WithParity(ParityFixture.Compute);
        var notes = new List<string>(exported.Notes);
        var model = options.Precision switch
        {
            ModelPrecision.Fp16 => HalfPrecision.Convert(exported.Onnx),
            ModelPrecision.Int8 => await EightBitConversion.ConvertAsync(
                exported.Onnx, options.Calibration!, notes, options.Progress, cancellationToken).ConfigureAwait(false),
            _ => exported.Onnx,
        };
        var verified = VerifiedModel.Verify(model, mustDetect: options.MustDetect);
        PrecisionComparison? comparison = null;
        if (options is { Precision: not ModelPrecision.Fp32, Calibration: { } photos })
        {
            comparison = await PrecisionComparison.MeasureAsync(
                exported.Onnx, model, photos, options.Progress, cancellationToken).ConfigureAwait(false);
            verified = VerifiedModel.Verify(OnnxMetadata.With(model, ComparisonKey, comparison.ToJson()), mustDetect: options.MustDetect);
        }

        var speed = options.Precision == ModelPrecision.Int8
            ? FormContest.Measure(exported.Onnx, model, Environment.ProcessorCount, cancellationToken)
            : null;
        return new ConvertedModel(verified, exported, options.Precision, comparison, notes, exportTime, clock.GetElapsedTime(started))
        {
            Speed = speed,
        };
    }

    /// <summary>Converts a checkpoint to several forms of one model.</summary>
    /// <param name="checkpoint">The whole checkpoint file.</param>
    /// <param name="config">The whole training config, UTF-8 YAML.</param>
    /// <param name="options">How; precision and graph follow from each form.</param>
    /// <param name="forms">Which forms; <see cref="ModelForm.CpuFloat32"/> is made in any case.</param>
    /// <param name="cancellationToken">Ends the conversion between two photos.</param>
    /// <inheritdoc cref="ConvertAsync(byte[], byte[], ConversionOptions, CancellationToken)"/>
    public static async Task<ConvertedForms> ConvertAsync(
        byte[] checkpoint,
        byte[] config,
        ConversionOptions options,
        IEnumerable<ModelForm> forms,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(forms);
        var models = new SortedDictionary<ModelForm, ConvertedModel>();
        foreach (var form in forms.Append(ModelForm.CpuFloat32).Distinct().Order())
        {
            var precision = FormNames.PrecisionOf(form) switch
            {
                ParityPrecision.Half => ModelPrecision.Fp16,
                ParityPrecision.Int8 => ModelPrecision.Int8,
                _ => ModelPrecision.Fp32,
            };
            var plain = form is ModelForm.GpuFloat32 or ModelForm.GpuFloat16;
            models.Add(form, await ConvertAsync(
                checkpoint, config, options with { Precision = precision, Plain = plain }, cancellationToken).ConfigureAwait(false));
        }

        return new ConvertedForms(models);
    }
}
