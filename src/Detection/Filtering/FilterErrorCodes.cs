namespace Nanodet.Detection.Filtering;

/// <summary>The stable codes of <see cref="FilterException"/>.</summary>
public static class FilterErrorCodes
{
    /// <summary>A threshold or a region is out of its range.</summary>
    public const string Invalid = "filter_invalid";

    /// <summary>The model has no class of that name.</summary>
    public const string UnknownClass = "class_unknown";
}
