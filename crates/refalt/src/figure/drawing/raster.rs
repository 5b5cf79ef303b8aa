//! SVG to PNG with the bundled font and no other.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::font::{FAMILY, REGULAR, SEMIBOLD};

/// Pixels of the PNG per px of the SVG: 192 dots per inch.
pub(crate) const SCALE: f32 = 2.0;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(SEMIBOLD.to_vec());
    // Whatever family a document asks for, this is what there is.
    fonts.set_sans_serif_family(FAMILY);
    fonts.set_serif_family(FAMILY);
    fonts.set_monospace_family(FAMILY);
    Arc::new(fonts)
});

/// Returns `svg` as a PNG file at [`SCALE`].
///
/// # Errors
/// A message of the renderer when `svg` is not an SVG document or its size is zero or too large.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, String> {
    let options = Options {
        font_family: FAMILY.to_owned(),
        fontdb: FONTS.clone(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree.size();
    let (width, height) = (
        (size.width() * SCALE).round() as u32,
        (size.height() * SCALE).round() as u32,
    );
    let mut pixels =
        Pixmap::new(width, height).ok_or_else(|| format!("cannot hold an image of `{width}` by `{height}` pixels"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_doubles_and_text_is_drawn() {
        let svg = |text: &str| {
            format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='20.5' viewBox='0 0 60 20.5'>\
                 <rect width='60' height='20.5' fill='#fff'/><text x='2' y='15' font-size='12'>{text}</text></svg>"
            )
        };
        let image = Pixmap::decode_png(&png(&svg("TERT")).unwrap()).unwrap();
        assert_eq!((image.width(), image.height()), (120, 41));
        assert!(image.pixels().iter().any(|p| p.red() < 64), "letters must leave ink");
        assert_ne!(png(&svg("TERT")).unwrap(), png(&svg("")).unwrap());
        assert_eq!(png(&svg("TERT")).unwrap(), png(&svg("TERT")).unwrap());
    }

    #[test]
    fn what_is_not_svg_is_an_error() {
        assert!(png("<html/>").is_err());
    }
}
