using System.Globalization;
using System.Text;
using System.Xml;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// <c>Annotations/&lt;name&gt;.xml</c> for each image, with the pixels of each box counted from 1 and both edges inside of the box, as the
/// development kit has it. Beside them the list of images, <c>ImageSets/Main/default.txt</c>, and <c>labels.txt</c>.
/// </summary>
internal sealed class VocExport(IExportTarget target, ExportOptions options) : ExportWriter(ExportFormat.Voc, target, options)
{
    private readonly ClassIds _classes = new(options.ClassNames);
    private readonly MemoryStream _document = new();
    private readonly SpoolFile _list = new();

    private protected override async ValueTask<LeftOutReason?> WriteAsync(DetectionResult result, CancellationToken cancellationToken)
    {
        if (result.Image is not { Width: > 0, Height: > 0 })
        {
            return LeftOutReason.SizeUnknown;
        }

        var path = ImageNames.RelativePath(result.Image.Name);
        var name = ImageNames.WithEnding(path, string.Empty);
        _document.SetLength(0);
        WriteDocument(result, path, result.Image.Width.Value, result.Image.Height.Value);
        var content = _document.GetBuffer().AsMemory(0, (int)_document.Length);
        if (await TryAddAsync($"Annotations/{name}.xml", content, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            return reason;
        }

        await _list.Stream.WriteAsync(Encoding.UTF8.GetBytes($"{name}\n"), cancellationToken).ConfigureAwait(false);
        foreach (var detection in result.Detections!)
        {
            _ = _classes.Of(detection);
            Count(detection.ClassName);
        }

        return null;
    }

    private protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        var list = await CreateAsync("ImageSets/Main/default.txt", cancellationToken).ConfigureAwait(false);
        await using (list.ConfigureAwait(false))
        {
            await _list.CopyToAsync(list, cancellationToken).ConfigureAwait(false);
        }

        var labels = string.Concat(_classes.Names.Select(name => $"{name.ReplaceLineEndings(" ")}\n"));
        await AddFileAsync("labels.txt", Encoding.UTF8.GetBytes(labels), cancellationToken).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private protected override ValueTask CloseAsync() => _list.DisposeAsync();

    private void WriteDocument(DetectionResult result, string path, int width, int height)
    {
        using var xml = XmlWriter.Create(_document, XmlText.Settings);
        xml.WriteStartElement("annotation");
        xml.WriteElementString("folder", XmlText.Clean(Path.GetDirectoryName(path)!.Replace('\\', '/')));
        xml.WriteElementString("filename", XmlText.Clean(Path.GetFileName(path)));
        xml.WriteStartElement("source");
        xml.WriteElementString("database", "Unknown");
        xml.WriteEndElement();
        xml.WriteStartElement("size");
        WriteNumber(xml, "width", width);
        WriteNumber(xml, "height", height);
        WriteNumber(xml, "depth", 3);
        xml.WriteEndElement();
        WriteNumber(xml, "segmented", 0);
        foreach (var detection in result.Detections!)
        {
            WriteObject(xml, detection, width, height);
        }
    }

    private void WriteObject(XmlWriter xml, in DetectedObject detection, int width, int height)
    {
        var box = detection.Box;
        var (left, top) = (First(box.X, width), First(box.Y, height));
        xml.WriteStartElement("object");
        xml.WriteElementString("name", XmlText.Clean(detection.ClassName));
        xml.WriteElementString("pose", "Unspecified");
        WriteNumber(xml, "truncated", 0);
        WriteNumber(xml, "difficult", 0);
        if (Options.IncludeScores)
        {
            xml.WriteElementString("score", detection.Score.ToString(CultureInfo.InvariantCulture));
        }

        xml.WriteStartElement("bndbox");
        WriteNumber(xml, "xmin", left);
        WriteNumber(xml, "ymin", top);
        WriteNumber(xml, "xmax", Last(box.X + box.Width, left, width));
        WriteNumber(xml, "ymax", Last(box.Y + box.Height, top, height));
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    /// <summary>The pixel that a left or upper edge lies in.</summary>
    private static int First(float edge, int size) => Math.Clamp((int)MathF.Floor(edge) + 1, 1, size);

    /// <summary>The pixel that a right or lower edge lies in.</summary>
    private static int Last(float edge, int first, int size) => Math.Clamp((int)MathF.Ceiling(edge), first, size);

    private static void WriteNumber(XmlWriter xml, string name, int value) =>
        xml.WriteElementString(name, value.ToString(CultureInfo.InvariantCulture));
}
