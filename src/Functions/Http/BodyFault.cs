namespace Nanodet.Serverless.Functions.Http;

/// <summary>Why a body was not taken.</summary>
internal enum BodyFault
{
    /// <summary>It was taken.</summary>
    None,

    /// <summary>It is longer than the limit, or is announced to be.</summary>
    TooLarge,

    /// <summary>Other bodies take all the places, or all the memory.</summary>
    TooMany,

    /// <summary>It did not come in time.</summary>
    TooSlow,
}
