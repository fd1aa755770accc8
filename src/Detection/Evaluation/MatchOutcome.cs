namespace Nanodet.Detection.Evaluation;

/// <summary>What a detection counts as at one IoU threshold.</summary>
internal enum MatchOutcome : byte
{
    /// <summary>It took no object.</summary>
    Miss,

    /// <summary>It took an object.</summary>
    Hit,

    /// <summary>It counts as neither.</summary>
    Ignored,
}
