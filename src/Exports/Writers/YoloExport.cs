using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// <c>labels/&lt;name&gt;.txt</c> for each image: a line with class, centre and size of each box, in parts of the image. An image without
/// a detection has an empty file. Beside them <c>classes.txt</c> and <c>data.yaml</c>.
/// </summary>
internal sealed class YoloExport(IExportTarget target, ExportOptions options) : ExportWriter(ExportFormat.Yolo, target, options)
{
    private const string Number = "0.######";

    private readonly ClassIds _classes = new(options.ClassNames);
    private readonly ArrayBufferWriter<byte> _lines = new();

    private protected override async ValueTask<LeftOutReason?> WriteAsync(DetectionResult result, CancellationToken cancellationToken)
    {
        if (result.Image is not { Width: > 0, Height: > 0 })
        {
            return LeftOutReason.SizeUnknown;
        }

        WriteLines(result, result.Image.Width.Value, result.Image.Height.Value);
        var name = $"labels/{ImageNames.WithEnding(ImageNames.RelativePath(result.Image.Name), ".txt")}";
        if (await TryAddAsync(name, _lines.WrittenMemory, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            return reason;
        }

        foreach (var detection in result.Detections!)
        {
            Count(detection.ClassName);
        }

        return null;
    }

    private protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        // Without a path, Ultralytics takes the other paths from the file's own folder; '.' would be the folder that it runs in.
        var (classes, data) = (new StringBuilder(), new StringBuilder("train: images\nval: images\nnames:\n"));
        foreach (var (id, name) in _classes.All)
        {
            classes.Append(name.ReplaceLineEndings(" ")).Append('\n');

            // A JSON string is a YAML string.
            data.Append(CultureInfo.InvariantCulture, $"  {id}: \"{JsonEncodedText.Encode(name)}\"\n");
        }

        await AddFileAsync("classes.txt", Encoding.UTF8.GetBytes(classes.ToString()), cancellationToken).ConfigureAwait(false);
        await AddFileAsync("data.yaml", Encoding.UTF8.GetBytes(data.ToString()), cancellationToken).ConfigureAwait(false);
    }

    private protected override ValueTask CloseAsync() => ValueTask.CompletedTask;

    private void WriteLines(DetectionResult result, int width, int height)
    {
        _lines.ResetWrittenCount();
        foreach (var detection in result.Detections!)
        {
            var box = detection.Box;
            WriteNumber(_classes.Of(detection), "0", end: ' ');
            WriteNumber(Part(box.X + (box.Width / 2.0), width), Number, end: ' ');
            WriteNumber(Part(box.Y + (box.Height / 2.0), height), Number, end: ' ');
            WriteNumber(Part(box.Width, width), Number, end: ' ');
            WriteNumber(Part(box.Height, height), Number, end: Options.IncludeScores ? ' ' : '\n');
            if (Options.IncludeScores)
            {
                WriteNumber(detection.Score, Number, end: '\n');
            }
        }
    }

    private static double Part(double pixels, int size) => Math.Clamp(pixels / size, 0, 1);

    private void WriteNumber<T>(T value, string format, char end)
        where T : IUtf8SpanFormattable
    {
        var room = _lines.GetSpan(sizeHint: 40);
        value.TryFormat(room, out var length, format, CultureInfo.InvariantCulture);
        room[length] = (byte)end;
        _lines.Advance(length + 1);
    }
}
