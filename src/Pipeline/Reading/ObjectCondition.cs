namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>What a result has to have of the detections that a query means.</summary>
public enum ObjectCondition
{
    /// <summary>It does not matter.</summary>
    Any,

    /// <summary>One or more.</summary>
    Some,

    /// <summary>None; a failure is not meant.</summary>
    None,
}
