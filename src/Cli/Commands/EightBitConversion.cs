using Nanodet.Checkpoints.Quantization;
using Nanodet.Detection.Calibration;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>
/// Makes the 8-bit twin of a float32 model: the one project says which activations matter and writes the graph, the other measures their
/// ranges on photos. The two do not know each other and meet here.
/// </summary>
internal static class EightBitConversion
{
    // Ranges of six photos lost two points of mean average precision on a thousand others, ranges of a hundred lost half a point.
    private const int FewImages = 32;

    /// <summary>Converts.</summary>
    /// <param name="original">The float32 model.</param>
    /// <param name="photos">A folder of photos like those that the model will see.</param>
    /// <param name="report">Where progress goes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The 8-bit model, and what the user should know about photos that were left out.</returns>
    /// <exception cref="CliException">The folder has no image that can be used.</exception>
    public static async Task<(byte[] Model, IReadOnlyList<string> Notes)> RunAsync(
        byte[] original, DirectoryInfo photos, Report report, CancellationToken cancellationToken)
    {
        var files = ImageFiles.Find(photos.FullName, Path.Combine(photos.FullName, "nanodet-results"));
        var notes = new List<string>();
        IReadOnlyDictionary<string, float[]> reaches;
        using (var channels = await MeasureAsync("measuring channels", original, files, notes, report, cancellationToken))
        {
            reaches = channels.ChannelReaches();
        }

        var equalized = StaticQuantization.Equalize(original, reaches);
        using var calibrator = await MeasureAsync("measuring ranges", equalized, files, [], report, cancellationToken);
        var ranges = calibrator.ChooseRanges().ToDictionary(
            pair => pair.Key, pair => new ValueRange(pair.Value.Minimum, pair.Value.Maximum), StringComparer.Ordinal);
        if (calibrator.Images < FewImages)
        {
            notes.Add(
                $"calibrated on {calibrator.Images} images: at least {FewImages} photos like those that the model will see are advised; "
                + "nanodet eval tells what 8 bits cost on annotated ones");
        }

        return (StaticQuantization.Convert(equalized, ranges, calibrator.ChannelMeans()), notes);
    }

    private static async Task<ActivationCalibrator> MeasureAsync(
        string title, byte[] model, ImageFiles files, List<string> notes, Report report, CancellationToken cancellationToken)
    {
        var observed = StaticQuantization.Observe(model);
        var calibrator = new ActivationCalibrator(
            observed.Onnx, observed.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.NegativeSlope, StringComparer.Ordinal),
            observed.ConvolutionInputs);
        try
        {
            await report.ProgressAsync(title, async progress =>
            {
                var done = 0;
                foreach (var name in files.Files)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var encoded = await File.ReadAllBytesAsync(Path.Combine(files.Root, name), cancellationToken);
                    try
                    {
                        calibrator.Add(encoded);
                    }
                    catch (ImageException exception)
                    {
                        notes.Add($"calibration left out {name}: {exception.Code}: {exception.Message}");
                    }

                    progress.Report(title, ++done, files.Files.Count);
                }
            });
            return calibrator.Images > 0
                ? calibrator
                : throw new CliException("no_images", $"{files.Root} holds {files.Files.Count} images, and none of them can be used; {notes[0]}");
        }
        catch
        {
            calibrator.Dispose();
            throw;
        }
    }
}
