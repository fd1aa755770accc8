using System.Collections.Frozen;

namespace Nanodet.Serverless.Exports;

/// <summary>What there is to know about each format before anything is written.</summary>
public static class ExportFormats
{
    private static readonly FrozenDictionary<ExportFormat, (string Name, string FileName, bool IsFolder, bool HasFailures)> Known =
        new Dictionary<ExportFormat, (string, string, bool, bool)>
        {
            [ExportFormat.Csv] = ("csv", "results.csv", false, true),
            [ExportFormat.Ndjson] = ("ndjson", "results.ndjson", false, true),
            [ExportFormat.Parquet] = ("parquet", "results.parquet", false, true),
            [ExportFormat.Coco] = ("coco", "coco.json", false, false),
            [ExportFormat.CocoDataset] = ("coco-dataset", "instances.json", false, false),
            [ExportFormat.Yolo] = ("yolo", "yolo", true, false),
            [ExportFormat.Voc] = ("voc", "voc", true, false),
            [ExportFormat.LabelStudio] = ("labelstudio", "labelstudio.json", false, false),
            [ExportFormat.AzureMl] = ("azureml", "azureml.jsonl", false, false),
        }.ToFrozenDictionary();

    /// <summary>Every format's name, in the order of <see cref="ExportFormat"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<ExportFormat>().Select(NameOf)];

    /// <summary>The name of a format, such as <c>coco-dataset</c>.</summary>
    /// <param name="format">The format.</param>
    public static string NameOf(ExportFormat format) => Known[format].Name;

    /// <summary>The format of a name; null where no format is called so. Case counts.</summary>
    /// <param name="name">Such as <c>coco-dataset</c>.</param>
    public static ExportFormat? Find(string? name)
    {
        foreach (var (format, known) in Known)
        {
            if (known.Name == name)
            {
                return format;
            }
        }

        return null;
    }

    /// <summary>Whether an export of the format is a folder with a file for each image, and not one file.</summary>
    /// <param name="format">The format.</param>
    public static bool IsFolder(ExportFormat format) => Known[format].IsFolder;

    /// <summary>
    /// Whether the format has a place for images that failed. The others leave them out, and count them as
    /// <see cref="LeftOutReason.Failed"/>.
    /// </summary>
    /// <param name="format">The format.</param>
    public static bool HasFailures(ExportFormat format) => Known[format].HasFailures;

    /// <summary>The name of the format's file, or of its folder, where nothing else is asked for.</summary>
    /// <param name="format">The format.</param>
    public static string FileNameOf(ExportFormat format) => Known[format].FileName;
}
