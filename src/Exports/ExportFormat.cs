namespace Nanodet.Serverless.Exports;

/// <summary>A format that results are exported in. Its name for users is that of <see cref="ExportFormats.NameOf"/>.</summary>
public enum ExportFormat
{
    /// <summary>A table of text, one row for each detection (RFC 4180).</summary>
    Csv,

    /// <summary>The result documents themselves, one a line.</summary>
    Ndjson,

    /// <summary>A table of columns, one row for each detection (Apache Parquet).</summary>
    Parquet,

    /// <summary>The COCO results list: one element for each detection.</summary>
    Coco,

    /// <summary>A COCO data set: images, annotations and categories in one document.</summary>
    CocoDataset,

    /// <summary>A text file of normalised boxes for each image, and the list of classes (YOLO).</summary>
    Yolo,

    /// <summary>An XML file for each image (Pascal VOC).</summary>
    Voc,

    /// <summary>Tasks with predictions, boxes in percent (Label Studio).</summary>
    LabelStudio,

    /// <summary>JSON lines as automated machine learning of Azure Machine Learning takes them for object detection.</summary>
    AzureMl,
}
