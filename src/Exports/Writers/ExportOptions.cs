using Nanodet.Detection.Evaluation;
using Nanodet.Serverless.Exports.Filters;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>What an export takes, and how some formats write it.</summary>
public sealed record ExportOptions
{
    /// <summary>Which images and detections are taken.</summary>
    public ExportFilter Filter { get; init; } = ExportFilter.Everything;

    /// <summary>
    /// Name of the export's file, in its target; null for the format's. A file beside it is named after it: <c>a.json</c> has
    /// <c>a.dataset.json</c>. Formats that are folders do not use it.
    /// </summary>
    public string? FileName { get; init; }

    /// <summary>
    /// The model's classes in their order, where they are known. They become the list of classes whole; otherwise it has the classes that
    /// were seen, and a name such as <c>class-7</c> in the places of others.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>
    /// For <see cref="ExportFormat.Coco"/>: the data set whose image ids (by file name) and category ids (by name) are used. Null: images
    /// are numbered, and a data set file beside says which number is which image.
    /// </summary>
    public CocoDataset? Dataset { get; init; }

    /// <summary>For COCO: the number of the first image, from 1, so that several exports of one job have numbers of their own.</summary>
    public long FirstImageId { get; init; } = 1;

    /// <summary>For COCO: the number of the first annotation, from 1.</summary>
    public long FirstAnnotationId { get; init; } = 1;

    /// <summary>
    /// For <see cref="ExportFormat.LabelStudio"/> and <see cref="ExportFormat.AzureMl"/>: what is put before an image's name to give its
    /// address, such as <c>https://host/images/</c>. Null: the address that the tool has for a container of that name.
    /// </summary>
    public string? ImageUrlPrefix { get; init; }

    /// <summary>
    /// Scores in formats whose readers may not expect one: a sixth column in <see cref="ExportFormat.Yolo"/>, an element <c>score</c> in
    /// <see cref="ExportFormat.Voc"/>.
    /// </summary>
    public bool IncludeScores { get; init; }
}
