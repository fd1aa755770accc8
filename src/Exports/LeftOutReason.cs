namespace Nanodet.Serverless.Exports;

/// <summary>Why an image, or a detection, is not in an export.</summary>
public enum LeftOutReason
{
    /// <summary>Image: it failed, and the format has no place for failures.</summary>
    Failed,

    /// <summary>Image: a filter left it out.</summary>
    Filtered,

    /// <summary>Image: the data set whose image ids are used has no file of that name.</summary>
    NotInDataset,

    /// <summary>Image: that data set has several files that the name may mean, or several results may mean the file.</summary>
    NameAmbiguous,

    /// <summary>Image: the format needs the image's size in pixels, and the result does not say it.</summary>
    SizeUnknown,

    /// <summary>
    /// Image: another image has its file's name, as <c>a.jpg</c> and <c>a.png</c> of one folder, or that of a folder on the way.
    /// </summary>
    NameTaken,

    /// <summary>Image: its file would have a longer name or path than the file system has room for.</summary>
    NameTooLong,

    /// <summary>Detection: the data set whose category ids are used has no category of that name.</summary>
    ClassNotInDataset,
}
