namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>The activation functions that NanoDet's configs can name (<c>nanodet/model/module/activation.py</c>).</summary>
internal enum Activation
{
    /// <summary>No activation.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    ReLU,

    /// <summary>x, or 0.1 x below zero.</summary>
    LeakyReLU,

    /// <summary>x clipped to 0..6.</summary>
    ReLU6,

    /// <summary>Scaled exponential linear unit.</summary>
    Selu,

    /// <summary>Exponential linear unit.</summary>
    Elu,

    /// <summary>Gaussian error linear unit, the exact form with the error function.</summary>
    Gelu,

    /// <summary>Like LeakyReLU with one learned slope.</summary>
    PReLU,

    /// <summary>x times its sigmoid.</summary>
    SiLU,

    /// <summary>x times clip(x + 3, 0..6) / 6.</summary>
    HardSwish,
}
