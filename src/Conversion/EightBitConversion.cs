using Nanodet.Checkpoints.Quantization;
using Nanodet.Detection.Calibration;
using Nanodet.Detection.Images;

namespace Nanodet.Serverless.Conversion;

/// <summary>
/// Makes the 8-bit twin of a float32 model: Nanodet.Checkpoints says which activations matter and writes the graph, Nanodet.Detection
/// measures their ranges on photos.
/// </summary>
internal static class EightBitConversion
{
    // Ranges of six photos lost two points of mean average precision on a thousand others, ranges of a hundred lost half a point.
    private const int FewImages = 32;

    /// <summary>Converts.</summary>
    /// <param name="original">The float32 model.</param>
    /// <param name="photos">Photos like those that the model will see.</param>
    /// <param name="notes">Takes what the user should know about photos that were left out.</param>
    /// <param name="progress">Is told how far it is; null for nobody.</param>
    /// <param name="cancellationToken">Ends the conversion.</param>
    /// <returns>The 8-bit model.</returns>
    /// <exception cref="ConversionException"><see cref="ConversionErrorCodes.NoImages"/>.</exception>
    internal static async Task<byte[]> ConvertAsync(
        byte[] original,
        ICalibrationSet photos,
        List<string> notes,
        IProgress<ConversionProgress>? progress,
        CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, float[]> reaches;
        using (var channels = await MeasureAsync("measuring channels", original, photos, notes, progress, cancellationToken)
            .ConfigureAwait(false))
        {
            reaches = channels.ChannelReaches();
        }

        var equalized = StaticQuantization.Equalize(original, reaches);
        using var calibrator = await MeasureAsync("measuring ranges", equalized, photos, [], progress, cancellationToken)
            .ConfigureAwait(false);
        var ranges = calibrator.ChooseRanges().ToDictionary(
            pair => pair.Key, pair => new ValueRange(pair.Value.Minimum, pair.Value.Maximum), StringComparer.Ordinal);
        if (calibrator.Images < FewImages)
        {
            notes.Add(
                $"calibrated on {calibrator.Images} images: at least {FewImages} photos like those that the model will see are advised; "
                + "nanodet eval tells what 8 bits cost on annotated ones");
        }

        return StaticQuantization.Convert(equalized, ranges, calibrator.ChannelMeans());
    }

    private static async Task<ActivationCalibrator> MeasureAsync(
        string step,
        byte[] model,
        ICalibrationSet photos,
        List<string> notes,
        IProgress<ConversionProgress>? progress,
        CancellationToken cancellationToken)
    {
        var observed = StaticQuantization.Observe(model);
        var calibrator = new ActivationCalibrator(
            observed.Onnx,
            observed.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.NegativeSlope, StringComparer.Ordinal),
            observed.ConvolutionInputs);
        try
        {
            var done = 0;
            await foreach (var photo in photos.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    calibrator.Add(photo.Encoded.ToArray());
                }
                catch (ImageException exception)
                {
                    notes.Add($"calibration left out {photo.Name}: {exception.Code}: {exception.Message}");
                }

                progress?.Report(new ConversionProgress(step, ++done, photos.Count));
            }

            return calibrator.Images > 0
                ? calibrator
                : throw new ConversionException(
                    ConversionErrorCodes.NoImages,
                    $"{photos.Place}: expected at least one image that can be used, found none among {photos.Count}"
                    + (notes.Count > 0 ? $"; {notes[0]}. Give other photos." : ". Give other photos."));
        }
        catch
        {
            calibrator.Dispose();
            throw;
        }
    }
}
